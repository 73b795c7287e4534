"""Children that end are started again, ever more slowly, until that has shown to be of no use."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event, Thread

from service.supervisor.processes import Child

FIRST_DELAY = 0.5  # seconds before a child is started again, doubled with each quick end
LONGEST_DELAY = 30.0  # seconds
SETTLED = 60.0  # seconds after which a child's earlier ends are forgotten
MOST_QUICK_ENDS = 10  # in a row: two minutes of trying
WATCH_INTERVAL = 0.2  # seconds
DUTY_INTERVAL = 30.0  # seconds
STOP_SECONDS = 8.0  # for workers to write their checkpoints; they need one step and one transaction


def restart_delay(quick_ends: int) -> float:
    """Return the seconds to wait after so many ends in a row (1 is the first)."""
    return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(quick_ends - 1, 16)))


class Watch:
    """A thread that starts ended children again, and does a `duty` now and then.

    It is closed in two steps, because whatever it has started is on its leash: after `close` nothing is
    started again, and once the children have been stopped `release` lets the thread end.
    """

    def __init__(
        self,
        say: Callable[[str], None],
        *,
        stop_seconds: float = STOP_SECONDS,
        most_quick_ends: int = MOST_QUICK_ENDS,
    ) -> None:
        self._say_to_person = say
        self._stop_seconds = stop_seconds
        self._most_quick_ends = most_quick_ends
        self._children: tuple[Child, ...] = ()
        self._duty: Callable[[], None] = lambda: None
        self._quick_ends: dict[str, int] = {}  # by child's name, as are the others
        self._due: dict[str, float] = {}  # monotonic seconds of its next start
        self._killed_at: dict[str, float] = {}  # monotonic seconds: until then it may end by itself
        self._given_up: set[str] = set()
        self._closing, self._idle, self._released = Event(), Event(), Event()
        self._thread = Thread(target=self._run, name="watch", daemon=True)

    def begin(self, children: Sequence[Child], duty: Callable[[], None] = lambda: None) -> None:
        """Watch these children from now on."""
        self._children, self._duty = tuple(children), duty
        self._thread.start()

    def restart(self, child: Child, reason: str) -> None:
        """Have a running child stopped, softly at first, and then started again; any thread may ask."""
        if child.name not in self._killed_at and child.exit_code is None:
            self._say(f"{child.name} {reason}; it is restarted (log: {child.log})")
            self._killed_at[child.name] = time.monotonic() + self._stop_seconds
            child.ask_to_stop()

    def close(self) -> None:
        """Start nothing any more; the children go on."""
        self._closing.set()
        if self._thread.is_alive():
            self._idle.wait()

    def release(self) -> None:
        """End the thread; what it started and is still running dies."""
        self._closing.set()
        self._released.set()
        if self._thread.is_alive():
            self._thread.join()

    def _say(self, sentence: str) -> None:
        # Where nobody reads any more (`backsweep up | head`) this ends with an error; the watch must not.
        with suppress(OSError, SystemExit):
            self._say_to_person(sentence)

    def _run(self) -> None:
        next_duty = 0.0
        while not self._closing.wait(WATCH_INTERVAL):
            now = time.monotonic()
            for child in self._children:
                self._look_at(child, now)
            if now >= next_duty:
                self._duty()
                next_duty = now + DUTY_INTERVAL
        self._idle.set()
        self._released.wait()

    def _look_at(self, child: Child, now: float) -> None:
        if child.exit_code is None:
            if now >= self._killed_at.get(child.name, now + 1):
                child.kill()  # it did not stop when it was asked
        elif child.name in self._given_up:
            return
        elif child.name not in self._due:
            self._ended(child, now)
        elif now >= self._due[child.name]:
            self._start(child, now)

    def _ended(self, child: Child, now: float) -> None:
        child.kill()  # what is left of its group
        restarted = self._killed_at.pop(child.name, None) is not None
        settled = now - child.started_at > SETTLED
        # By a person, or by the kernel for want of memory: that passes, a mistake of its own does not.
        killed = child.exit_code == -signal.SIGKILL
        ends = self._quick_ends[child.name] = 1 if settled else self._quick_ends.get(child.name, 0) + 1
        if restarted:
            self._due[child.name] = now
        elif ends < self._most_quick_ends or killed:
            self._start_in(restart_delay(ends), child, f"ended with code {child.exit_code}", now)
        else:
            self._given_up.add(child.name)
            self._say(
                f"{child.name} ended {ends} times in a row, now with code {child.exit_code}, and is not "
                f"started again; everything else goes on. The end of {child.log} says why: "
                "mend that, stop Backsweep and start it anew"
            )

    def _start(self, child: Child, now: float) -> None:
        try:
            child.start()
            del self._due[child.name]
        except OSError as error:  # no memory, no process to spare: it may pass
            self._start_in(LONGEST_DELAY, child, f"cannot be started ({error})", now)

    def _start_in(self, delay: float, child: Child, reason: str, now: float) -> None:
        self._due[child.name] = now + delay
        self._say(f"{child.name} {reason}; trying again in {delay:g} s (log: {child.log})")
