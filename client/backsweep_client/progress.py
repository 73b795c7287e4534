"""How a sweep that is waited for shows its progress: a line that is written over, or a notebook's display."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backsweep_client.sweeps import Sweep

WIDTH = 30  # characters of the bar


@contextmanager
def reporting(progress: bool | Callable[[Sweep], object] | None) -> Iterator[Callable[[Sweep], object]]:
    """What is to be called at every look, for as long as the block lasts."""
    if callable(progress):
        yield progress
    elif not progress:
        yield lambda _: None
    elif (display := _notebook_display()) is not None:
        yield display
    elif sys.stderr.isatty():
        try:
            yield lambda sweep: print(f"\r{line(sweep)}", end="\033[K", file=sys.stderr, flush=True)
        finally:
            print(file=sys.stderr)
    else:
        yield _in_steps()


def line(sweep: Sweep) -> str:
    """`digits [#####.....] 50 % running, 260 of 520 runs`."""
    done = round(sweep.fraction * WIDTH)
    runs = sum(sweep.counts.values())
    ended = runs - sum(sweep.counts.get(state, 0) for state in ("queued", "running", "paused"))
    bar = "#" * done + "." * (WIDTH - done)
    return f"{sweep.name[:24]} [{bar}] {sweep.fraction:4.0%} {sweep.state}, {ended:,} of {runs:,} runs"


def _in_steps() -> Callable[[Sweep], object]:
    """For a log: a line at every tenth, and at every change of state."""
    told: list[tuple[str, int]] = []

    def tell(sweep: Sweep) -> None:
        here = (sweep.state, int(sweep.fraction * 10))
        if here not in told:
            told.append(here)
            print(line(sweep), file=sys.stderr, flush=True)

    return tell


def _notebook_display() -> Callable[[Sweep], object] | None:
    """The redrawing of one cell, if this is a notebook's kernel."""
    if "ipykernel" not in sys.modules:
        return None
    from IPython.display import HTML, display

    from backsweep_client.display import progress_html

    handle: list[Any] = []

    def tell(sweep: Sweep) -> None:
        shown = HTML(progress_html(sweep))
        if handle:
            handle[0].update(shown)
        else:
            handle.append(display(shown, display_id=True))

    return tell
