"""A sweep is watched until it is final: bars on a terminal, a line at every tenth in a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import typer

from service.commands.exits import Code
from service.commands.output import console, say, show

if TYPE_CHECKING:
    from backsweep_client import Sweep

FAILED_STATES = ("failed", "canceled")


def watch_to_the_end(sweep: Sweep) -> None:
    """Show progress, then the answer; ends with 1 if the sweep failed or was canceled.

    Ctrl-C ends the watching and never the sweep.
    """
    from backsweep_client import Unreachable
    from service.commands.rendering import summary_view

    try:
        with _shown(sweep) as tell:
            tell(sweep)
            with suppress(Unreachable):  # no stream of events comes through: it is looked at now and then
                for event in sweep.events(after=sweep.document["last_event"]):
                    tell(sweep.hear(event))
            sweep.wait(progress=tell)
    except KeyboardInterrupt:
        say(f"\nIt goes on without being watched: backsweep watch {sweep.id}")
        raise typer.Exit(Code.INTERRUPTED) from None
    show(summary_view(sweep.summary()))
    if sweep.state in FAILED_STATES:
        raise typer.Exit(Code.FAILURE)


@contextmanager
def _shown(sweep: Sweep) -> Iterator[Callable[[Sweep], object]]:
    if not console().is_terminal:
        yield _lines()
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description:>9}"),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console()) as progress:
        total = sweep.document["progress"]["epochs_total"]
        task = progress.add_task(sweep.state, total=total, counts=_counts(sweep))

        def tell(now: Sweep) -> None:
            done = now.document["progress"]
            progress.update(
                task,
                completed=done["epochs_done"],
                total=done["epochs_total"],
                description=now.state,
                counts=_counts(now),
            )

        yield tell


def _lines() -> Callable[[Sweep], object]:
    told = set[tuple[str, int]]()

    def tell(sweep: Sweep) -> None:
        here = (sweep.state, int(sweep.fraction * 10))
        if here not in told:
            told.add(here)
            say(f"{sweep.state}: {sweep.fraction:.0%}, {_counts(sweep)}")

    return tell


def _counts(sweep: Sweep) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in sweep.counts.items() if count)
