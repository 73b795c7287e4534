from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from service.supervisor import processes
from service.supervisor.leash import leash
from service.supervisor.processes import stop
from tests.servers.waiting import eventually, runs
from tests.service.supervisor.conftest import Nursery, pid_of

LEASH = Path(processes.__file__).with_name("leash.py")
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
SOFT = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(5)); " + SLEEPER
# Starts a child that has a child of its own, on a leash of the given kind, and says who they are.
SUPERVISOR = """
import os, sys, pathlib, time
from functools import partial
from service.supervisor import processes
processes.leash = partial(processes.leash, by_pipe=sys.argv[2] == "pipe")
program = ("import os, subprocess, sys, time; "
           "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
           "print(inner.pid, flush=True); time.sleep(60)")
child = processes.Child("c", [sys.executable, "-c", program], environment=os.environ,
                        log=pathlib.Path(sys.argv[1]) / "c.log")
child.start()
while not child.log_tail():
    time.sleep(0.01)
print(child.pid, child.log_tail(), flush=True)
time.sleep(60)
"""


def group_of(process: int) -> list[int]:
    """The living processes of a group."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pgid=,pid=,stat="], capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [int(pid) for pgid, pid, state in rows if int(pgid) == process and state[0] != "Z"]


@pytest.mark.parametrize("kind", [pytest.param("signal", marks=linux), "pipe"])
def test_a_child_dies_with_a_supervisor_that_is_killed(kind: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path), kind], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdout is not None
        child, grandchild = map(int, supervisor.stdout.readline().split())
        assert runs(child)
        assert runs(grandchild)
        supervisor.kill()
    eventually(lambda: not runs(child), "the child is gone", seconds=2)
    if kind == "pipe":  # the guard takes the whole group along; a worker's own children have asked the kernel
        eventually(lambda: group_of(child) == [], "and its children", seconds=2)
    else:
        os.kill(grandchild, signal.SIGKILL)


@linux
def test_a_program_whose_parent_died_before_it_asked_does_not_begin(tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    program = [sys.executable, "-c", f"open({str(begun)!r}, 'w')"]
    other_parent = str(os.getppid())  # as if this process had died, and an older one had taken its place
    command = [sys.executable, "-I", "-S", str(LEASH), "signal", other_parent, "9", *program]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (1, "the parent is gone\n")
    assert not begun.exists()


@pytest.fixture
def on_pipes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "leash", partial(leash, by_pipe=True))


@pytest.mark.usefixtures("on_pipes")
def test_a_program_on_a_pipe_ends_softly_and_its_guard_with_its_group(nursery: Nursery) -> None:
    child = nursery.child(SOFT)
    eventually(lambda: child.log_tail() == "up", "the child is up")
    assert len(group_of(pid_of(child))) == 2  # the program and its guard
    stop([child], 5)
    assert child.exit_code == 5
    eventually(lambda: group_of(pid_of(child)) == [], "the guard is gone")


@pytest.mark.usefixtures("on_pipes")
def test_a_guard_keeps_nothing_of_the_program_open(nursery: Nursery) -> None:
    reading, writing = os.pipe()
    child = processes.Child(
        "c",
        [sys.executable, "-c", "raise SystemExit(7)"],
        environment=os.environ,
        log=nursery.folder / "logs" / "c.log",
        inherit=[writing],
    )
    nursery.children.append(child)
    child.start()
    os.close(writing)
    child.wait(5)
    assert child.exit_code == 7
    os.set_blocking(reading, False)
    deadline = time.monotonic() + 2
    while True:  # the end of the file: nobody has the other end any more
        try:
            assert os.read(reading, 1) == b""
            break
        except BlockingIOError:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    os.close(reading)
