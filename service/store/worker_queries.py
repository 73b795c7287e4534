"""Reading who trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from service.planning.statuses import PopulationState
from service.planning.verification import VerificationState
from service.store.clock import now
from service.store.schema import Environment, PopulationRow, Run, Sweep, Verification, Worker

LEAST_TIME = 1000  # milliseconds that a speed is measured over


@dataclass(frozen=True, slots=True)
class WorkerView:
    """A worker as it was at one moment of the database's clock."""

    worker: Worker
    population: str | None  # public; None if it is idle or trains for another owner
    trains: bool  # it holds a lease that has not expired
    read_at: int
    population_id: int | None = None
    environment: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Training:
    """What a worker trains: a population's sweep, and how far and fast its runs are."""

    sweep: str  # public
    sweep_name: str
    runs: int
    epochs_done: int
    epochs_total: int
    epochs_per_second: float | None  # since it was first taken; None where its runs had begun in another


def list_workers(session: Session, owner_id: int, *, limit: int) -> Sequence[WorkerView]:
    """At most `limit` workers, the last seen first."""
    statement = (
        select(
            Worker,
            PopulationRow.public_id,
            holds_a_lease(),
            now(),
            PopulationRow.id,
            Environment.document,
        )
        .outerjoin(Environment, Environment.hash == Worker.environment_class)
        .outerjoin(
            PopulationRow,
            and_(PopulationRow.id == Worker.population_id, PopulationRow.owner_id == owner_id),
        )
        .order_by(Worker.last_seen_at.desc(), Worker.name)
        .limit(limit)
    )
    return [WorkerView(*row) for row in session.execute(statement)]


def trained_now(session: Session, populations: Sequence[int]) -> Mapping[int, Training]:
    """What is trained in populations, by their keys: one statement over their runs."""
    began_here = func.min(Run.started_at) >= PopulationRow.started_at
    statement = (
        select(
            PopulationRow.id,
            Sweep.public_id,
            Sweep.name,
            func.count(Run.id),
            func.sum(Run.epoch),
            func.sum(Run.epochs),
            case((began_here, now() - PopulationRow.started_at), else_=None),
        )
        .join(Sweep, Sweep.id == PopulationRow.sweep_id)
        .join(Run, Run.population_id == PopulationRow.id)
        .where(PopulationRow.id.in_(populations))
        .group_by(PopulationRow.id, PopulationRow.started_at, Sweep.public_id, Sweep.name)
    )
    return {
        key: Training(
            sweep, name, runs, done, total, None if taken is None else done * 1000 / max(taken, LEAST_TIME)
        )
        for key, sweep, name, runs, done, total, taken in session.execute(statement)
    }


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
