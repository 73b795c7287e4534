"""Child processes: each in its own process group, with its own log, and replaced when it ends by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

from service.supervisor.leash import leashed

FIRST_DELAY = 0.5  # seconds before a child is started again, doubled with each quick end
LONGEST_DELAY = 30.0  # seconds
SETTLED = 60.0  # seconds after which a child's earlier ends are forgotten
WATCH_INTERVAL = 0.2  # seconds
DUTY_INTERVAL = 30.0  # seconds
LOG_BYTES = 8 * 2**20  # above this a log is put aside at the next start, in place of the one before
LOG_TAIL_BYTES = 4096


def restart_delay(quick_ends: int) -> float:
    """Return the seconds to wait after so many ends in a row (1 is the first)."""
    return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(quick_ends - 1, 16)))


class Child:
    """One program that should be running. `environment` is all it gets; its output goes to `log`."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        inherit: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.log = log
        self.quick_ends = 0
        self.started_at = 0.0  # monotonic seconds
        self._command = tuple(command)
        self._environment = dict(environment)
        self._inherit = tuple(inherit)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the program in a session of its own: Ctrl-C in a terminal reaches the supervisor alone."""
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".1.log"))
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - the command is the supervisor's own
                leashed(self._command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                pass_fds=self._inherit,
                start_new_session=True,
                umask=0o077,
            )
        self.started_at = time.monotonic()

    @property
    def pid(self) -> int | None:
        """The process's id, which is also its group's; None before the first start."""
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """The code the program ended with (negative: the signal), or None while it runs."""
        return self._process.poll() if self._process else None

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the program alone: it knows best how its own children end."""
        if self._process:
            self._process.terminate()

    def wait(self, seconds: float) -> None:
        """Wait until the program has ended, at most so long."""
        if self._process:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(max(0.0, seconds))

    def kill(self) -> None:
        """Send SIGKILL to whatever is left of the group, and reap the program."""
        if self._process:
            # The group's id cannot have been given away while one of the group lives.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def log_tail(self) -> str:
        """Return the end of the log, for an error message."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - LOG_TAIL_BYTES))
                return log.read().decode(errors="replace").strip()
        except OSError:
            return ""


def stop(children: Iterable[Child], seconds: float) -> None:
    """Ask all children to stop, wait for them together, and kill what is left after so many seconds."""
    children = tuple(children)
    deadline = time.monotonic() + seconds
    try:
        for child in children:
            child.ask_to_stop()
        for child in children:
            child.wait(deadline - time.monotonic())
    finally:
        for child in children:
            child.kill()


class Watch:
    """A thread that starts ended children again, and does a `duty` now and then, until it is closed."""

    def __init__(
        self, children: Sequence[Child], say: Callable[[str], None], duty: Callable[[], None] = lambda: None
    ) -> None:
        self._children = tuple(children)
        self._say = say
        self._duty = duty
        self._due: dict[str, float] = {}  # child's name -> monotonic seconds of its next start
        self._closing = Event()
        self._thread = Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching; the children go on."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        next_duty = 0.0
        while not self._closing.wait(WATCH_INTERVAL):
            now = time.monotonic()
            for child in self._children:
                self._look_at(child, now)
            if now >= next_duty:
                self._duty()
                next_duty = now + DUTY_INTERVAL

    def _look_at(self, child: Child, now: float) -> None:
        if child.exit_code is None:
            return
        due = self._due.get(child.name)
        if due is None:
            child.quick_ends = 1 if now - child.started_at > SETTLED else child.quick_ends + 1
            self._start_in(restart_delay(child.quick_ends), child, f"ended with code {child.exit_code}", now)
        elif now >= due:
            child.kill()  # what is left of its group, before another takes its place
            try:
                child.start()
                del self._due[child.name]
            except OSError as error:  # no memory, no process to spare: it may pass
                self._start_in(LONGEST_DELAY, child, f"cannot be started ({error})", now)

    def _start_in(self, delay: float, child: Child, reason: str, now: float) -> None:
        self._due[child.name] = now + delay
        self._say(f"{child.name} {reason}; trying again in {delay:g} s (log: {child.log})")
