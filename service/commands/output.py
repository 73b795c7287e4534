"""What commands print: words and tables for people, the service's own bytes for programs.

Rich is loaded with the first word that is printed, so that `--help` and completion need not wait for it. It
honours NO_COLOR, and writes no colours into a pipe.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


@cache
def console() -> Console:
    """Where answers go."""
    from rich.console import Console

    return Console(highlight=False)


def say(message: str) -> None:
    """Print a sentence as it is."""
    console().print(message, markup=False, soft_wrap=True)


def show(table: RenderableType) -> None:
    """Print a table as it is, also where it is wider than the terminal."""
    console().print(table, crop=False)


def complain(message: str) -> None:
    """Print what was wrong to stderr."""
    from rich.console import Console

    Console(stderr=True, highlight=False).print(
        f"backsweep: {message}", style="red", markup=False, soft_wrap=True
    )


def write(content: bytes) -> None:
    """Write bytes to stdout as they are; text that ends without a line end gets one on a terminal."""
    sys.stdout.buffer.write(content)
    if sys.stdout.isatty() and not content.endswith(b"\n"):
        sys.stdout.buffer.write(b"\n")
    sys.stdout.buffer.flush()
