"""The home folder is private, belongs to one supervisor at a time, and holds the token."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from service.errors import BacksweepError

LOCK_FILE = "lock"


class CannotStart(BacksweepError):
    """Something on this machine keeps Backsweep from starting; the message says what to do."""


def prepare(home: Path) -> None:
    """Make the folder with mode 0700, or check that nobody else can write into the one that is there.

    A folder that exists keeps its mode: it may be someone's mistake, such as /tmp. What is made inside is
    private by itself.

    Raises:
        CannotStart: with what to do.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = home.stat()
    except OSError as error:
        raise CannotStart(
            f"the home folder {home} cannot be made: {_reason(error)}; "
            "set BACKSWEEP_HOME to a folder that can be written to"
        ) from None
    if status.st_uid != os.geteuid():
        raise CannotStart(
            f"{home} belongs to user {status.st_uid}; set BACKSWEEP_HOME to a folder of your own"
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CannotStart(
            f"{home} can be written by other users; run `chmod go-w {home}` or set BACKSWEEP_HOME"
        )


@contextmanager
def locked(home: Path, description: str) -> Iterator[None]:
    """Hold the home folder; the kernel lets go of it when the process ends, however it ends.

    Raises:
        CannotStart: another process holds it; the message repeats that one's `description`.
    """
    with _opened(home / LOCK_FILE) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "no description"
            raise CannotStart(
                f"Backsweep is already running in {home} ({holder}); "
                "use that one, stop it, or set BACKSWEEP_HOME to another folder"
            ) from None
        except OSError as error:  # some network file systems
            raise CannotStart(
                f"{home} cannot be locked: {_reason(error)}; set BACKSWEEP_HOME to a folder on a local disk"
            ) from None
        file.truncate(0)
        file.write(f"process {os.getpid()}, {description}\n")
        file.flush()
        yield


def write_token(path: Path, token: str) -> Path:
    """Write the token where only its owner can read it, for the command line on this machine.

    Raises:
        CannotStart: with the reason.
    """
    draft = path.with_suffix(".new")
    try:
        draft.unlink(missing_ok=True)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:  # noqa: PTH123
            file.write(token + "\n")
        return draft.replace(path)
    except OSError as error:
        raise CannotStart(
            f"the token cannot be written to {path}: {_reason(error)}; "
            "make room for it there, or set BACKSWEEP_HOME to another folder"
        ) from None


def _opened(path: Path) -> TextIO:
    try:
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        raise CannotStart(
            f"the home folder {path.parent} cannot be written to: {_reason(error)}; "
            "make room or give yourself the right to, or set BACKSWEEP_HOME to another folder"
        ) from None


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
