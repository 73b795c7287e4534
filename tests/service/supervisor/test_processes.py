from __future__ import annotations

import os
import signal
import time

import pytest

from service.supervisor import processes
from service.supervisor.processes import stop
from tests.servers.waiting import eventually, runs
from tests.service.supervisor.conftest import Nursery, pid_of

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
WITH_A_CHILD = (
    "import subprocess, sys, time; "
    "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True); "
    "time.sleep(60)"
)


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
    assert time.monotonic() - begun < 30  # it would have slept for 60


def test_a_childs_own_children_end_with_it(nursery: Nursery) -> None:
    child = nursery.child(WITH_A_CHILD)
    eventually(child.log_tail, "the grandchild is up")
    grandchild = int(child.log_tail())
    assert runs(grandchild)
    stop([child], 5)
    eventually(lambda: not runs(grandchild), "the grandchild is gone")


def test_a_large_log_is_put_aside_at_the_next_start(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "LOG_BYTES", 2)
    child = nursery.child("print('first')")
    child.wait(5)
    child.start()
    child.wait(5)
    assert child.log.read_text() == child.log.with_suffix(".1.log").read_text() == "first\n"
