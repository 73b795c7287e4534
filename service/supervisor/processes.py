"""Child processes: each in its own process group, with its own log, and none outlives the supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from service.supervisor.interrupts import held
from service.supervisor.leash import leash

LOG_BYTES = 8 * 2**20  # above this a log is put aside at the next start, in place of the one before
LOG_TAIL_BYTES = 4096


class Child:
    """One program that should be running. `environment` is all it gets; its output goes to `log`.

    With `counts` in its environment the program is told how often it was started again.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        inherit: Sequence[int] = (),
        counts: str | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self.starts = 0
        self.started_at = 0.0  # monotonic seconds
        self._command = tuple(command)
        self._environment = dict(environment)
        self._inherit = tuple(inherit)
        self._counts = counts
        self._process: subprocess.Popen[bytes] | None = None
        self._group_is_gone = False

    def start(self) -> None:
        """Start the program in a session of its own: Ctrl-C in a terminal reaches the supervisor alone.

        The thread that calls this must stay until the program has ended (see service/supervisor/leash.py).
        """
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".1.log"))
        counted = {self._counts: str(self.starts)} if self._counts else {}
        on_leash = leash(self._command)
        # An interrupt in the middle would leave a program that nobody knows of.
        with self.log.open("ab") as output, held():
            self._process = subprocess.Popen(  # noqa: S603 - the command is the supervisor's own
                on_leash.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment | counted,
                pass_fds=(*self._inherit, *on_leash.inherit),
                start_new_session=True,
                umask=0o077,
            )
            self._group_is_gone = False
            self.starts += 1
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
        """Send SIGKILL to whatever is left of the group, and reap the program.

        Once per start: later the group's id may have been given to another one.
        """
        if self._process and not self._group_is_gone:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._group_is_gone = True

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
