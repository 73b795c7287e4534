from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.supervisor import processes
from service.supervisor.processes import LONGEST_DELAY, Child, Watch, restart_delay, stop
from tests.servers.waiting import eventually, runs

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
WITH_A_CHILD = (
    "import subprocess, sys, time; "
    "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True); "
    "time.sleep(60)"
)
SUPERVISOR = """
import os, sys, pathlib, time
from service.supervisor.processes import Child
child = Child("c", [sys.executable, "-c", "import time; time.sleep(60)"], environment=os.environ,
              log=pathlib.Path(sys.argv[1]) / "c.log")
child.start()
print(child.pid, flush=True)
time.sleep(60)
"""


class Nursery:
    """Makes children of one-line programs, and ends what a test leaves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.children: list[Child] = []

    def child(self, program: str) -> Child:
        child = Child(
            f"child-{len(self.children)}",
            [sys.executable, "-c", program],
            environment=os.environ,
            log=self.folder / "logs" / f"{len(self.children)}.log",
        )
        self.children.append(child)
        child.start()
        return child


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    nursery = Nursery(tmp_path)
    yield nursery
    for child in nursery.children:
        child.kill()


def pid_of(child: Child) -> int:
    assert child.pid is not None
    return child.pid


def test_a_child_leads_a_group_of_its_own_and_writes_its_log(nursery: Nursery) -> None:
    child = nursery.child(SLEEPER)
    eventually(lambda: child.log_tail() == "up", "the child's output in its log")
    assert os.getpgid(pid_of(child)) == child.pid != os.getpgrp()
    assert child.exit_code is None


def test_stopping_asks_first(nursery: Nursery) -> None:
    child = nursery.child(SLEEPER)
    eventually(child.log_tail, "the child is up")
    stop([child], 5)
    assert child.exit_code == -signal.SIGTERM


def test_what_does_not_stop_when_asked_is_killed(nursery: Nursery) -> None:
    child = nursery.child(STUBBORN)
    eventually(child.log_tail, "the child is up")
    begun = time.monotonic()
    stop([child], 0.3)
    assert child.exit_code == -signal.SIGKILL
    assert time.monotonic() - begun < 2


def test_a_childs_own_children_end_with_it(nursery: Nursery) -> None:
    child = nursery.child(WITH_A_CHILD)
    eventually(child.log_tail, "the grandchild is up")
    grandchild = int(child.log_tail())
    assert runs(grandchild)
    stop([child], 5)
    eventually(lambda: not runs(grandchild), "the grandchild is gone")


def test_a_child_that_ends_is_started_again(nursery: Nursery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "FIRST_DELAY", 0.05)
    said: list[str] = []
    child = nursery.child(SLEEPER)
    before = pid_of(child)
    watch = Watch([child], said.append)
    os.kill(before, signal.SIGKILL)
    eventually(lambda: child.pid != before and child.exit_code is None, "another child")
    watch.close()
    assert len(said) == 1
    assert "child-0 ended with code -9" in said[0]
    assert str(child.log) in said[0]


def test_a_child_is_not_started_again_once_the_watch_is_closed(nursery: Nursery) -> None:
    child = nursery.child(SLEEPER)
    Watch([child], print).close()
    stop([child], 1)
    time.sleep(0.3)
    assert child.exit_code is not None


def test_the_delay_before_a_restart_grows_to_a_limit() -> None:
    delays = [restart_delay(ends) for ends in range(1, 9)]
    assert delays == [0.5, 1, 2, 4, 8, 16, LONGEST_DELAY, LONGEST_DELAY]
    assert restart_delay(10_000) == LONGEST_DELAY


def test_a_large_log_is_put_aside_at_the_next_start(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "LOG_BYTES", 2)
    child = nursery.child("print('first')")
    child.wait(5)
    child.start()
    child.wait(5)
    assert child.log.read_text() == child.log.with_suffix(".1.log").read_text() == "first\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_a_child_dies_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout is not None
        child = int(supervisor.stdout.readline())
        assert runs(child)
        supervisor.kill()
    eventually(lambda: not runs(child), "the child is gone", seconds=2)
