"""Where there can be no network of our own, `make cluster` says what is missing, with exit code 2."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.cluster.cuts import CUTS

ROOT = Path(__file__).parents[2]


def _cluster(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.cluster", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False
    )


def test_a_machine_without_the_tools_is_told_which_and_whose_they_are(tmp_path: Path) -> None:
    done = _cluster(PATH=str(tmp_path))
    assert done.returncode == 2
    assert "unshare (of util-linux)" in done.stderr
    assert "tc (of iproute2)" in done.stderr


def test_a_user_who_may_not_make_a_network_is_told_what_the_system_says(tmp_path: Path) -> None:
    for tool in ("nsenter", "mount", "ip", "tc", "unshare"):
        (tmp_path / tool).write_text("#!/bin/sh\necho Operation not permitted >&2\nexit 1\n")
        (tmp_path / tool).chmod(0o755)
    done = _cluster(PATH=f"{tmp_path}:{os.environ['PATH']}")
    assert done.returncode == 2
    assert "Operation not permitted" in done.stderr


def test_a_cut_that_is_none_is_refused_with_those_that_there_are() -> None:
    done = _cluster("earthquake")
    assert done.returncode == 2
    assert "earthquake" in done.stderr
    assert all(name in done.stderr for name in CUTS)
