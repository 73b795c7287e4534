"""A program that dies with its supervisor, however that one ends.

On Linux the kernel is asked for it: this file, run by path (`python -I -S leash.py ...`) between fork and
exec of the real program so that no Python code runs in a forked copy of a threaded process, makes the request
and becomes the program. The request survives exec. It is tied to the *thread* that started the program, so
whoever starts one keeps that thread until the program has ended (service/supervisor/watch.py does).

Elsewhere, on macOS, the leash is a pipe: the supervisor alone holds its writing end and never writes. Before
it becomes the program this file forks a guard in the program's group, which reads until the end of file, and
that comes when the supervisor is gone; the guard then kills the group. When the program ends by itself the
supervisor kills what is left of its group, the guard among it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
HAS_PARENT_DEATH_SIGNAL = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class Leash:
    """How a command is started: what is run in its place, and descriptors that it has to inherit."""

    command: tuple[str, ...]
    inherit: tuple[int, ...] = ()


def leash(command: Sequence[str], *, by_pipe: bool = not HAS_PARENT_DEATH_SIGNAL) -> Leash:
    """Return how to start `command`, in a session of its own, so that it does not outlive this process."""
    if not by_pipe:
        return Leash(tuple(leashed(command)))
    end = _pipe()
    return Leash((*_this_file(), "pipe", str(end), *command), (end,))


def leashed(command: Sequence[str], at_death: signal.Signals = signal.SIGKILL) -> list[str]:
    """Return a command that runs `command` and gets `at_death` when the thread that starts it ends.

    SIGKILL by default: it cannot be ignored, and nobody would be left to follow up a milder signal. What it
    costs is small, because leases expire and checkpoints exist. Where no kernel does it, nothing happens.
    """
    if not HAS_PARENT_DEATH_SIGNAL:
        return list(command)
    return [*_this_file(), "signal", str(os.getpid()), str(int(at_death)), *command]


def die_with(parent: int, at_death: signal.Signals = signal.SIGKILL) -> bool:
    """Ask the kernel for a signal at the parent's death (Linux); False if the parent is gone already.

    The request comes first and the look second: a parent that dies in between is noticed by one of them.
    """
    import ctypes

    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(at_death), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    return os.getppid() == parent


def main(arguments: Sequence[str]) -> None:
    """Put this process on the leash and turn it into the program."""
    if arguments[0] == "signal":
        _, parent, at_death, *command = arguments
        if not die_with(int(parent), signal.Signals(int(at_death))):
            raise SystemExit("the parent is gone")
    else:
        _, end, *command = arguments
        if os.fork() == 0:
            _guard(int(end))
        os.close(int(end))
    os.execvp(command[0], command)  # noqa: S606 - the command is the supervisor's own


def _guard(end: int) -> None:
    # Of the program's other descriptors the guard must keep none: a pipe or a port would stay open with it.
    os.closerange(0, end)
    os.closerange(end + 1, 1024)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(end, 1):
        continue
    os.killpg(os.getpgrp(), signal.SIGKILL)


@cache
def _pipe() -> int:
    """Return the reading end; the writing end is this process's own for as long as it lives.

    Python opens descriptors so that no program inherits them unless told to.
    """
    reading, _writing = os.pipe()
    return reading


def _this_file() -> list[str]:
    return [sys.executable, "-I", "-S", str(Path(__file__))]


if __name__ == "__main__":
    main(sys.argv[1:])
