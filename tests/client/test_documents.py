"""The examples of the client's pages run, in their order, against a real service."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backsweep_client import Client
from tests.servers.service import RunningService

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("page", "least"), [("docs/client.md", 3), ("client/README.md", 1)])
def test_the_examples_of_the_clients_pages_do_what_they_say(
    page: str,
    least: int,
    service: RunningService,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), flags=re.DOTALL)
    assert len(blocks) >= least
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)  # noqa: S102 — our own page
    client = names["client"]
    assert isinstance(client, Client)
    client.close()
    assert "is best" in capsys.readouterr().out
