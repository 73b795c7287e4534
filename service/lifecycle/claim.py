"""A worker's right to a population begins here: one conditional statement, one higher fencing token."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from service.lifecycle.moves import Moved, moving_populations, moving_runs
from service.lifecycle.next_population import next_population
from service.lifecycle.story import tell
from service.planning.run_numbers import NO_NUMBERS
from service.planning.statuses import Cause, PopulationState, Role, RunState
from service.store.clock import now
from service.store.schema import (
    Checkpoint,
    ConfigurationRow,
    LayerRow,
    LossRow,
    PopulationRow,
    Run,
    Sweep,
)


@dataclass(frozen=True, slots=True)
class ClaimedRun:
    """What a worker must know of one run to train it, or to go on with it."""

    run_id: int
    number: int
    seed: int
    configuration: dict[str, Any]
    epoch: int  # the last epoch recorded
    epochs: int
    metrics: dict[str, Any]
    checkpoint: bytes | None  # or final weights, where those are all that the run goes on from
    checkpoint_epoch: int = 0  # 0: there is none
    train_seconds: float = 0.0  # so far
    configuration_id: int | None = None  # equal for equal configurations
    role: Role = Role.SEARCH
    checkpoint_sha256: str | None = None  # of the weights, where those are the checkpoint


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease on a population: every write of its holder names the fencing token."""

    population_id: int
    public_id: str
    sweep: str  # public
    sweep_id: int
    fencing_token: int
    worker: str
    runs: tuple[ClaimedRun, ...]


def claim_population(
    session: Session, *, worker: str, environment_class: str, lease_seconds: float
) -> Claim | None:
    """Claim the next queued population by priority, then the owner with the least running share, then age.

    Returns None when nothing is queued: a late or a second ring is harmless. In a sweep that is to pause no
    population is queued, whatever happened to its lease.
    """
    connection = session.connection()
    population_id = connection.scalar(_NEXT_POPULATION)
    if population_id is None:
        return None
    names = {"claimed": population_id, "worker": worker, "class": environment_class}
    row = connection.execute(_CLAIM, {**names, "lease": round(lease_seconds * 1000)}).one_or_none()
    if row is None:  # another worker was faster
        return None
    lost_epochs = _enter_environment(session, population_id, row.environment_class, environment_class)
    moved: Moved = Counter()
    for before, statement in _CLAIM_RUNS:
        moved[before, RunState.RUNNING] = connection.execute(statement, names).rowcount
    tell(
        session,
        row.sweep_id,
        "claimed" if lost_epochs is None else "environment_changed",
        {"population": row.public_id, "worker": worker, "environment_class": environment_class},
        moved=moved,
        epochs=-(lost_epochs or 0),
    )
    return Claim(
        population_id=population_id,
        public_id=row.public_id,
        sweep=session.scalars(select(Sweep.public_id).where(Sweep.id == row.sweep_id)).one(),
        sweep_id=row.sweep_id,
        fencing_token=row.fencing_token,
        worker=worker,
        runs=tuple(ClaimedRun(*run) for run in connection.execute(_CLAIMED_RUNS, names)),
    )


def _enter_environment(session: Session, population_id: int, before: str | None, after: str) -> int | None:
    """Bind the population to an environment class; None unless it had to start again in another one.

    Bits may differ between classes, so nothing that another class computed is continued: checkpoints and
    losses of the unfinished runs go, and the number of epochs that went with them is returned.
    """
    if before is None or before == after:
        if before is None:
            _set_population(session, population_id, environment_class=after)
        return None
    unfinished = select(Run.id).where(Run.population_id == population_id, Run.state == RunState.QUEUED)
    lost = session.scalar(
        select(func.coalesce(func.sum(Run.epoch), 0)).where(Run.id.in_(unfinished.scalar_subquery()))
    )
    for table in (Checkpoint, LossRow, LayerRow):
        session.execute(delete(table).where(table.run_id.in_(unfinished)))
    session.execute(
        update(Run)
        .where(Run.population_id == population_id, Run.state == RunState.QUEUED)
        .values(epoch=0, metrics={}, **NO_NUMBERS)
    )
    _set_population(session, population_id, environment_class=after, epoch=0)
    return int(lost or 0)


def _set_population(session: Session, population_id: int, **values: Any) -> None:
    session.execute(update(PopulationRow).where(PopulationRow.id == population_id).values(**values))


# Made once: building a statement takes longer than running it.
_NEXT_POPULATION = next_population()
_CLAIM = moving_populations(
    Cause.CLAIM,
    PopulationRow.id == bindparam("claimed"),
    PopulationState.RUNNING,
    PopulationRow.public_id,
    PopulationRow.sweep_id,
    PopulationRow.fencing_token,
    PopulationRow.environment_class,
    fencing_token=PopulationRow.fencing_token + 1,
    lease_owner=bindparam("worker"),
    lease_expires_at=now() + bindparam("lease"),
    started_at=func.coalesce(PopulationRow.started_at, now()),
)
_CLAIM_RUNS = moving_runs(
    Cause.CLAIM,
    Run.population_id == bindparam("claimed"),
    RunState.RUNNING,
    environment_class=bindparam("class"),
    started_at=func.coalesce(Run.started_at, now()),
)
_CLAIMED_RUNS = (
    select(
        Run.id,
        Run.number,
        Run.seed,
        ConfigurationRow.document,
        Run.epoch,
        Run.epochs,
        Run.metrics,
        Checkpoint.content,
        func.coalesce(Checkpoint.epoch, 0),
        func.coalesce(Run.train_seconds, 0.0),
        ConfigurationRow.id,
        Run.role,
        Checkpoint.sha256,
    )
    .join(ConfigurationRow, Run.configuration_id == ConfigurationRow.id)
    .outerjoin(Checkpoint, Checkpoint.run_id == Run.id)
    .where(Run.population_id == bindparam("claimed"), Run.state == RunState.RUNNING)
    .order_by(Run.seed, Run.number)
)
