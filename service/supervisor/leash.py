"""A program that dies with its parent: this file asks the kernel for that, then becomes the program.

Run by path (`python -I -S leash.py PARENT SIGNAL PROGRAM ...`), in the child and between fork and exec of the
real program, so that no Python code runs in a forked copy of a threaded process. The request survives exec.
Only Linux has it; elsewhere a program whose supervisor was killed goes on until it is stopped by hand.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def leashed(command: Sequence[str], at_death: signal.Signals = signal.SIGKILL) -> list[str]:
    """Return a command that runs `command` and gets `at_death` when the thread that starts it ends.

    SIGKILL by default: it cannot be ignored, and nobody would be left to follow up a milder signal. What it
    costs is small, because leases expire and checkpoints exist.
    """
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", str(Path(__file__)), str(os.getpid()), str(int(at_death)), *command]


def main(arguments: Sequence[str]) -> None:
    """Put this process on the leash and turn it into the program."""
    import ctypes

    parent, at_death, *command = arguments
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(at_death), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != int(parent):  # it died before the request was made, and no signal will come
        raise SystemExit("the parent is gone")
    os.execvp(command[0], command)  # noqa: S606 - the command is the supervisor's own


if __name__ == "__main__":
    main(sys.argv[1:])
