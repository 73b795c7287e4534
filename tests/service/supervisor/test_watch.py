from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from threading import Thread

import pytest

from service.supervisor import watch as watches
from service.supervisor.processes import Child, stop
from service.supervisor.watch import LONGEST_DELAY, Watch, restart_delay
from tests.servers.waiting import PATIENCE, eventually, runs
from tests.service.supervisor.conftest import Nursery, pid_of

SLEEPER = "import time; print('up', flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER
SOFT = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit('softly')); " + SLEEPER

Begin = Callable[..., tuple[Watch, list[str]]]


@pytest.fixture
def begin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    monkeypatch.setattr(watches, "FIRST_DELAY", 0.05)
    watching: list[Watch] = []

    def begin(*children: Child, **options: float) -> tuple[Watch, list[str]]:
        said: list[str] = []
        watch = Watch(said.append, **options)  # type: ignore[arg-type]
        watching.append(watch)
        watch.begin(children)
        return watch, said

    yield begin
    for each in watching:
        each.release()


def test_a_child_that_ends_is_started_again(nursery: Nursery, begin: Begin) -> None:
    child = nursery.child(SLEEPER)
    before = pid_of(child)
    _, said = begin(child)
    os.kill(before, signal.SIGKILL)
    eventually(lambda: child.pid != before and child.exit_code is None, "another child")
    assert len(said) == 1
    assert "child-0 ended with code -9" in said[0]
    assert str(child.log) in said[0]


def test_a_child_that_is_killed_again_and_again_is_not_given_up(nursery: Nursery, begin: Begin) -> None:
    child = nursery.child(SLEEPER)
    _, said = begin(child, most_quick_ends=2)
    for _ in range(4):
        before = pid_of(child)
        os.kill(before, signal.SIGKILL)
        eventually(lambda: child.pid != before and child.exit_code is None, "another child")  # noqa: B023
    assert len(said) == 4
    assert not any("not started again" in sentence for sentence in said)


def test_a_child_is_told_how_often_it_was_started_again(nursery: Nursery, begin: Begin) -> None:
    child = nursery.child(
        "import os, time; print(os.environ['AGAIN'], flush=True); time.sleep(60)", counts="AGAIN"
    )
    eventually(lambda: child.log_tail() == "0", "the first start")
    begin(child)
    os.kill(pid_of(child), signal.SIGKILL)
    eventually(lambda: child.log_tail() == "0\n1", "the second start")


def test_a_child_is_not_started_again_once_the_watch_is_closed(nursery: Nursery, begin: Begin) -> None:
    child = nursery.child(SLEEPER)
    watch, said = begin(child)
    watch.close()
    stop([child], 1)
    watch.release()
    assert child.exit_code is not None
    assert (child.starts, said) == (1, [])


def test_what_the_watch_started_can_still_stop_softly_after_it_was_closed(
    nursery: Nursery, begin: Begin
) -> None:
    # The kernel kills a child when the thread ends that started it, and with it what it would have saved.
    child = nursery.child(SOFT)
    eventually(lambda: child.log_tail() == "up", "the first child is up")
    watch, _ = begin(child)
    os.kill(pid_of(child), signal.SIGKILL)
    eventually(lambda: child.log_tail() == "up\nup", "the second child is up")
    watch.close()
    stop([child], 5)
    watch.release()
    assert child.log_tail() == "up\nup\nsoftly"


def test_what_is_left_of_a_dead_childs_group_dies_at_once(nursery: Nursery, begin: Begin) -> None:
    child = nursery.child(
        "import subprocess, sys, time; "
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True); "
        "time.sleep(60)"
    )
    eventually(child.log_tail, "the grandchild is up")
    grandchild = int(child.log_tail())
    begin(child)
    os.kill(pid_of(child), signal.SIGKILL)
    eventually(lambda: not runs(grandchild), "the grandchild is gone", seconds=3)


def test_a_restart_asks_first_and_starts_at_once(nursery: Nursery, begin: Begin) -> None:
    child = nursery.child(SOFT)
    eventually(lambda: child.log_tail() == "up", "the child is up")
    watch, said = begin(child)
    watch.restart(child, "took no work for 60 s")
    eventually(lambda: child.log_tail() == "up\nsoftly\nup", "another child")
    assert said == [f"child-0 took no work for 60 s; it is restarted (log: {child.log})"]


@pytest.mark.parametrize("how", ["deaf", "stopped"])
def test_a_child_that_does_not_end_for_its_restart_is_killed(
    how: str, nursery: Nursery, begin: Begin
) -> None:
    child = nursery.child(STUBBORN if how == "deaf" else SLEEPER)
    before = pid_of(child)
    eventually(lambda: child.log_tail() == "up", "the child is up")
    if how == "stopped":
        os.kill(before, signal.SIGSTOP)
    watch, _ = begin(child, stop_seconds=0.3)
    watch.restart(child, "is deaf")
    eventually(lambda: child.log_tail() == "up\nup", "another child")
    assert not runs(before)


def test_what_always_ends_is_given_up_with_what_to_do_and_the_others_go_on(
    nursery: Nursery, begin: Begin
) -> None:
    broken, other = nursery.child("raise SystemExit(7)"), nursery.child(SLEEPER)
    _, said = begin(broken, other, most_quick_ends=3)
    eventually(lambda: len(said) == 3, "the third end is told")
    assert "ended 3 times in a row, now with code 7, and is not started again" in said[2]
    assert str(broken.log) in said[2]
    assert broken.starts == 3
    before = pid_of(other)
    os.kill(before, signal.SIGKILL)
    eventually(lambda: other.pid != before and other.exit_code is None, "the other one is started again")
    assert broken.starts == 3


def test_nobody_to_tell_does_not_end_the_watch(nursery: Nursery) -> None:
    def say(_sentence: str) -> None:
        raise BrokenPipeError

    child = nursery.child(SLEEPER)
    before = pid_of(child)
    watch = Watch(say)
    watch.begin([child])
    os.kill(before, signal.SIGKILL)
    eventually(lambda: child.pid != before and child.exit_code is None, "another child")
    watch.release()


def test_the_delay_before_a_restart_grows_to_a_limit() -> None:
    delays = [restart_delay(ends) for ends in range(1, 9)]
    assert delays == [0.5, 1, 2, 4, 8, 16, LONGEST_DELAY, LONGEST_DELAY]
    assert restart_delay(10_000) == LONGEST_DELAY


def test_closing_a_watch_that_never_began_does_not_wait() -> None:
    watch = Watch(print)

    def end() -> None:
        watch.close()
        watch.release()

    closing = Thread(target=end, daemon=True)
    closing.start()
    closing.join(PATIENCE)
    assert not closing.is_alive()
