"""Arguments that several verbs have in common, and what a shell completes them with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from backsweep_client import Client

COMPLETION_SECONDS = 1.0  # a shell that waits longer seems broken
COMPLETED = 50
LATEST = "latest"


def complete_sweeps(incomplete: str) -> Sequence[tuple[str, str]]:
    """The newest sweeps' ids with their names; nothing where the service does not answer."""
    from backsweep_client import BacksweepError, Client

    try:
        with Client(timeout=COMPLETION_SECONDS) as client:
            found = [(sweep.id, f"{sweep.name} ({sweep.state})") for sweep in client.sweeps(COMPLETED)]
    except (BacksweepError, ValueError):
        return []
    return [each for each in [*found, (LATEST, "the newest sweep")] if each[0].startswith(incomplete)]


SweepArgument = Annotated[
    str,
    typer.Argument(metavar="SWEEP", help="A sweep's id, or `latest`.", autocompletion=complete_sweeps),
]
RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="A run's id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the API's JSON as it is.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=100_000, help="How many at most.")]
Cursor = Annotated[str | None, typer.Option(help="With --json: the `next_cursor` of the page before.")]


def sweep_id(client: Client, given: str) -> str:
    """The id that was given, or the newest sweep's."""
    if given != LATEST:
        return given
    for sweep in client.sweeps(1):
        return sweep.id
    raise ValueError("there is no sweep yet; `backsweep submit FILE` makes one")
