"""Reading who trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from service.store.clock import now
from service.store.schema import PopulationRow, Worker


@dataclass(frozen=True, slots=True)
class WorkerView:
    """A worker as it was at one moment of the database's clock."""

    worker: Worker
    population: str | None  # public; None if it is idle or trains for another owner
    read_at: int


def list_workers(session: Session, owner_id: int, *, limit: int) -> Sequence[WorkerView]:
    """At most `limit` workers, the last seen first."""
    statement = (
        select(Worker, PopulationRow.public_id, now())
        .outerjoin(
            PopulationRow,
            and_(PopulationRow.id == Worker.population_id, PopulationRow.owner_id == owner_id),
        )
        .order_by(Worker.last_seen_at.desc(), Worker.name)
        .limit(limit)
    )
    return [WorkerView(*row) for row in session.execute(statement)]
