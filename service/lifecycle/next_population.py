"""Which population comes next: by priority, then whose owner has been served least, then by age."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, func, select

from service.planning.statuses import POPULATION_STEPS, Cause, PopulationState
from service.store.clock import now
from service.store.schema import PopulationRow

RECENT = 600_000  # milliseconds of service that count
MOST_RECENT = 200  # populations that are looked at for it: a claim costs the same however many have ended


def next_population() -> Any:
    """The query for the key of the next queued population, locked where rows can be.

    Whoever has the fewest populations running comes first. With few workers that is often nobody, or
    everyone alike: then it is whoever had the least of the workers' time in the last ten minutes. So one who
    queued ten thousand runs does not starve one who comes with ten.
    """
    running = (
        select(PopulationRow.owner_id, func.count().label("count"))
        .where(PopulationRow.state == PopulationState.RUNNING)
        .group_by(PopulationRow.owner_id)
        .subquery("running")
    )
    ended = (
        select(PopulationRow.owner_id, PopulationRow.started_at, PopulationRow.finished_at)
        .where(PopulationRow.finished_at > now() - RECENT, PopulationRow.started_at.is_not(None))
        .order_by(PopulationRow.finished_at.desc())
        .limit(MOST_RECENT)
        .subquery("ended")
    )
    taken = ended.c.finished_at - ended.c.started_at
    # Of one that was paused in between the pause counts as well; more than the ten minutes it cannot be.
    served = (
        select(ended.c.owner_id, func.sum(case((taken > RECENT, RECENT), else_=taken)).label("milliseconds"))
        .group_by(ended.c.owner_id)
        .subquery("served")
    )
    return (
        select(PopulationRow.id)
        .outerjoin(running, running.c.owner_id == PopulationRow.owner_id)
        .outerjoin(served, served.c.owner_id == PopulationRow.owner_id)
        .where(PopulationRow.state.in_(POPULATION_STEPS[Cause.CLAIM].before))
        .order_by(
            PopulationRow.priority,
            func.coalesce(running.c["count"], 0),
            func.coalesce(served.c.milliseconds, 0),
            PopulationRow.created_at,
            PopulationRow.id,
        )
        .limit(1)
        .with_for_update(skip_locked=True, of=PopulationRow)
    )
