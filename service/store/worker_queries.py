"""Reading who trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from service.planning.statuses import PopulationState
from service.planning.verification import VerificationState
from service.store.clock import now
from service.store.schema import PopulationRow, Verification, Worker


@dataclass(frozen=True, slots=True)
class WorkerView:
    """A worker as it was at one moment of the database's clock."""

    worker: Worker
    population: str | None  # public; None if it is idle or trains for another owner
    trains: bool  # it holds a lease that has not expired
    read_at: int


def list_workers(session: Session, owner_id: int, *, limit: int) -> Sequence[WorkerView]:
    """At most `limit` workers, the last seen first."""
    statement = (
        select(Worker, PopulationRow.public_id, holds_a_lease(), now())
        .outerjoin(
            PopulationRow,
            and_(PopulationRow.id == Worker.population_id, PopulationRow.owner_id == owner_id),
        )
        .order_by(Worker.last_seen_at.desc(), Worker.name)
        .limit(limit)
    )
    return [WorkerView(*row) for row in session.execute(statement)]


def named_workers(session: Session, names: Sequence[str]) -> Mapping[str, WorkerView]:
    """The workers of these names that have ever made themselves known, whatever they train."""
    statement = select(Worker, holds_a_lease(), now()).where(Worker.name.in_(names))
    return {
        worker.name: WorkerView(worker, None, trains, read_at)
        for worker, trains, read_at in session.execute(statement)
    }


def holds_a_lease() -> ColumnElement[bool]:
    """Whether the worker of the row trains: its lease was renewed lately enough to be valid still."""
    leased, verified = aliased(PopulationRow), aliased(Verification)
    populations = exists().where(
        leased.lease_owner == Worker.name,
        leased.state == PopulationState.RUNNING,
        leased.lease_expires_at > now(),
    )
    verifications = exists().where(
        verified.lease_owner == Worker.name,
        verified.state == VerificationState.RUNNING,
        verified.lease_expires_at > now(),
    )
    return or_(populations.correlate(Worker), verifications.correlate(Worker))
