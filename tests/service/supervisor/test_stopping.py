"""The whole of `backsweep up` in a process of its own, stopped and killed at every inconvenient moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.servers.waiting import eventually, runs
from tests.service.supervisor.test_up import ROOT, free_port

SLOW = (
    "import signal, sys, time; "
    "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.5), print('softly', flush=True), sys.exit())); "
    "print('up', flush=True); time.sleep(60)"
)
DEAF = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('up', flush=True); time.sleep(60)"
)
SERVE_WITH = """
import os, sys
from service.settings import Settings
from service.supervisor import up
from tests.service.supervisor.test_up import WEB
up.STOP_SECONDS = float(sys.argv[1])
api = (*WEB, "tests.servers.site:create_app")
programs = up.Programs(api=api, worker=(sys.executable, "-c", sys.argv[2])) if sys.argv[2] else None
settings = Settings.from_environment(os.environ)
up.serve(settings, say=lambda text: print(text, flush=True), programs=programs)
"""


@contextmanager
def serving(
    environment: dict[str, str], *, worker: str = "", stop_seconds: float = 8.0, real: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """`backsweep up` in a process of its own, with a stand-in for the worker unless it is to be real."""
    command = [sys.executable, "-c", SERVE_WITH, str(stop_seconds), "" if real else worker]
    with subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    while word not in (line := process.stdout.readline()):
        assert line, f"it ended before it said {word}"


def soft_ends(environment: dict[str, str], word: str) -> list[str]:
    logs = (Path(environment["BACKSWEEP_HOME"]) / "logs").glob("worker-*.log")
    return [line for log in logs for line in log.read_text().splitlines() if line == word]


def belonging_to(environment: dict[str, str]) -> list[int]:
    """The living processes that were started with this home folder."""
    mark = f"BACKSWEEP_HOME={environment['BACKSWEEP_HOME']}\0".encode()
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes() and runs(int(entry.name)):
                found.append(int(entry.name))
    return found


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    home = str(tmp_path / "home")
    return {"BACKSWEEP_HOME": home, "BACKSWEEP_PORT": str(free_port()), "BACKSWEEP_WORKERS": "2"}


def test_a_second_ctrl_c_does_not_cut_off_what_the_first_one_began(environment: dict[str, str]) -> None:
    with serving(environment, worker=SLOW) as process:
        until(process, "Ctrl-C")
        eventually(lambda: len(soft_ends(environment, "up")) == 2, "both workers are up")
        process.send_signal(signal.SIGINT)
        until(process, "Stopping")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=10)[0] == "Stopped.\n"
        assert process.returncode == 0
    assert soft_ends(environment, "softly") == ["softly", "softly"]


def test_a_child_that_hangs_is_killed_and_the_stop_is_still_a_clean_one(environment: dict[str, str]) -> None:
    with serving(environment, worker=DEAF, stop_seconds=0.5) as process:
        until(process, "Ctrl-C")
        eventually(lambda: len(soft_ends(environment, "up")) == 2, "both workers are up")
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=10)[0].endswith("Stopped.\n")
        assert process.returncode == 0
    assert belonging_to(environment) == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize("moment", ["lock", "token", "broker/s.sock", "logs/api.log", "logs/worker-2.log"])
def test_a_signal_while_it_starts_leaves_nothing(moment: str, environment: dict[str, str]) -> None:
    with serving(environment, worker=SLOW) as process:
        eventually((Path(environment["BACKSWEEP_HOME"]) / moment).exists, moment)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=15)[0]
        assert said.endswith("Stopped.\n")
        assert process.returncode == 0
    assert belonging_to(environment) == []
    assert not (Path(environment["BACKSWEEP_HOME"]) / "broker").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_no_real_process_outlives_a_supervisor_that_is_killed(environment: dict[str, str]) -> None:
    with serving(environment, real=True) as process:
        until(process, "Ctrl-C")
        # The supervisor, the API and the broker; two workers, each with a training process.
        eventually(lambda: len(belonging_to(environment)) >= 7, "everything runs")
        process.kill()
        process.wait()
        eventually(lambda: belonging_to(environment) == [], "nothing runs", seconds=3)
