"""Every way in which a command ends: its exit code, and what was wrong in plain sentences on stderr."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, NoReturn

import typer

from service.commands.output import complain, say

if TYPE_CHECKING:
    from backsweep_client import Client, Problem
    from service.settings import Settings


class Code(IntEnum):
    """What a script can tell apart."""

    OK = 0
    FAILURE = 1  # also of a sweep that was waited for and failed, or was canceled
    USAGE = 2  # the command line itself, as Click has it
    NOT_FOUND = 3
    REFUSED = 4  # invalid, not allowed, or not in this state
    UNREACHABLE = 5
    INTERRUPTED = 130  # 128 + SIGINT, as shells have it


CODES_IN_WORDS = (
    "Exit codes: 0 done, 1 failure, 2 wrong usage, 3 not found, 4 refused or invalid, "
    "5 the service cannot be reached."
)


@contextmanager
def told_plainly() -> Iterator[Settings]:
    """The settings of this machine; what a person can mend ends the command with a sentence."""
    from service.errors import BacksweepError
    from service.settings import InvalidSetting, Settings

    try:
        yield Settings.from_environment(os.environ)
    except (BacksweepError, InvalidSetting) as error:
        end(str(error))
    except KeyboardInterrupt:
        say("Stopped.")


@contextmanager
def connected() -> Iterator[Client]:
    """A client of the service that the environment names; its refusals end the command by their kind."""
    from backsweep_client import (
        BacksweepError,
        Client,
        NotFound,
        NoToken,
        Problem,
        ServiceFailed,
        Unreachable,
    )

    try:
        with Client() as client:
            yield client
    except NotFound as error:
        end(f"{_sentences(error)} ({error.instance})", Code.NOT_FOUND)
    except ServiceFailed as error:
        end(_sentences(error), Code.FAILURE)
    except Problem as error:
        end(_sentences(error), Code.REFUSED)
    except NoToken as error:
        end(str(error), Code.REFUSED)
    except Unreachable as error:
        end(str(error), Code.UNREACHABLE)
    except (BacksweepError, ValueError, TypeError) as error:
        end(str(error))
    except BrokenPipeError:
        raise  # nobody reads any more: Click ends without a word
    except OSError as error:
        end(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except KeyboardInterrupt:
        raise typer.Exit(Code.INTERRUPTED) from None


def end(message: str, code: Code = Code.FAILURE) -> NoReturn:
    """Say what was wrong, and end."""
    complain(message)
    raise typer.Exit(code)


def _sentences(error: Problem) -> str:
    return "\n  ".join([error.detail or error.title, *map(str, error.errors)])
