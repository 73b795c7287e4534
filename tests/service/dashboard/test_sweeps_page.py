"""The list of sweeps is searched by a part of a name or by a filter, before any module runs."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from service.dashboard.sweep_search import as_filter
from service.store.schema import Sweep
from tests.service.dashboard.conftest import HOSTILE
from tests.service.dashboard.test_pages import Document, read


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", ""),
        (" digits rates ", "name ilike '%digits rates%'"),
        ("state = 'running'", "state = 'running'"),
        ("dataset is null", "dataset is null"),
        ("within", "name ilike '%within%'"),
        (" nope = 1", " nope = 1"),
    ],
)
def test_words_without_a_condition_are_a_part_of_a_name(text: str, meant: str) -> None:
    assert as_filter(text) == meant


def test_sweeps_are_found_by_name_and_by_filter(
    client: TestClient, sweep: Sweep, function_sweep: Sweep
) -> None:
    for looked_for in ("FUNCTION", "task = 'function'"):
        links = Document(client.get("/sweeps", params={"filter": looked_for}).text).links()
        assert f"/sweeps/{function_sweep.public_id}" in links
        assert f"/sweeps/{sweep.public_id}" not in links


def test_nothing_found_is_said_and_the_first_sweep_is_not_explained_again(
    client: TestClient, sweep: Sweep
) -> None:
    text = read(client, "/sweeps?filter=nothing+like+it").text
    assert "No sweep is like that." in text
    assert "No sweep yet" not in text


def test_a_mistake_is_shown_at_its_place(client: TestClient, sweep: Sweep) -> None:
    response = client.get("/sweeps", params={"filter": "stat = 'running'"})
    assert response.status_code == 422
    page = Document(response.text)
    assert "did you mean 'state'" in page.text
    fields = [attributes for tag, attributes in page.elements if attributes.get("name") == "filter"]
    assert fields[0]["data-fault-at"] == "0"


def test_a_hostile_search_is_text(client: TestClient, sweep: Sweep) -> None:
    page = Document(client.get("/sweeps", params={"filter": HOSTILE}).text)
    assert "img" not in {tag for tag, _ in page.elements}


def test_throughput_is_epochs_over_the_time_since_the_sweep_began(client: TestClient, sweep: Sweep) -> None:
    with client.app.state.context.database.write() as session:  # type: ignore[attr-defined]
        row = session.get(Sweep, sweep.id)
        row.epochs_done, row.started_at, row.finished_at = 30, 1_000, 5_000
    assert "7.50" in read(client, "/sweeps").text
