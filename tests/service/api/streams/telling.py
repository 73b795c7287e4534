"""Sweeps whose stories tests tell, by the lifecycle's own function."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from service.lifecycle.owners import local_owner
from service.lifecycle.story import tell
from service.planning.statuses import RunState
from service.store.database import Database
from tests.service.api import building


def new_sweep(database: Database, runs: int = 1, *, owner: str | None = None) -> tuple[int, str]:
    """A queued sweep of so many runs whose story has not begun."""
    with database.write() as session:
        whose = local_owner(session) if owner is None else building.owner(session, owner)
        row = building.sweep(session, whose, all_count=runs, queued_count=runs, epochs_total=9)
        return row.id, row.public_id


def told(database: Database, sweep: int, kind: str = "progress", *, ends: int = 0) -> None:
    """One more event, with so many runs that complete in it."""
    moved = {(RunState.QUEUED, RunState.COMPLETED): ends} if ends else {}
    with database.write() as session:
        tell(session, sweep, kind, {"epoch": 1}, moved=moved, epochs=1)


async def until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds; the test's own time is the limit."""
    while not condition():
        await asyncio.sleep(0.01)


def within(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Run a test's coroutine, which fails when it hangs."""

    async def bounded() -> None:
        async with asyncio.timeout(seconds):
            await work()

    asyncio.run(bounded())
