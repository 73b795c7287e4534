"""Nothing stays with a worker that is gone: expired leases are freed, and the bell rings again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from service.lifecycle.lease import intent_of
from service.lifecycle.moves import Moved, move_populations, move_runs
from service.lifecycle.record import epochs_left
from service.lifecycle.story import tell
from service.lifecycle.workers import worker_lost_leases
from service.planning.statuses import Cause, PopulationState, RunState, held_back
from service.store.clock import now
from service.store.identifiers import new_id
from service.store.schema import PopulationRow, Run

SPLIT_AFTER = 2  # leases lost: one of the runs may be what kills the worker, so look for it by halves
FAIL_AFTER = 3  # leases lost by a single run


def requeue_expired(session: Session) -> int:
    """Free every population whose lease has expired; how many there were.

    Only an expired lease counts as an attempt. A population lost twice is split in half, and a single run
    lost three times is failed with the reason, so that nothing is tried for ever.
    """
    expired = session.execute(
        select(PopulationRow)
        .where(PopulationRow.state == PopulationState.RUNNING, PopulationRow.lease_expires_at < now())
        .order_by(PopulationRow.id)
        .with_for_update(skip_locked=True)
    ).scalars()
    populations = expired.all()
    holders = Counter(population.lease_owner or "" for population in populations)
    for population in populations:
        _free(session, population)
    worker_lost_leases(session, holders)
    return len(populations)


def requeue_lost(session: Session, worker: str, cause: str) -> int:
    """Free what is leased to a worker whose training process is gone; how many populations there were.

    Nobody has to wait for the lease to expire. It counts as a lease lost, and the reason names the cause.
    """
    populations = session.scalars(
        select(PopulationRow)
        .where(PopulationRow.state == PopulationState.RUNNING, PopulationRow.lease_owner == worker)
        .order_by(PopulationRow.id)
        .with_for_update(skip_locked=True)
    ).all()
    for population in populations:
        _free(session, population, cause)
    worker_lost_leases(session, {worker: len(populations)})
    return len(populations)


def queued_populations(session: Session) -> int:
    """How many populations wait for a worker: rings are owed for those that no message announces."""
    return (
        session.scalar(
            select(func.count())
            .select_from(PopulationRow)
            .where(PopulationRow.state == PopulationState.QUEUED)
        )
        or 0
    )


def _free(session: Session, population: PopulationRow, cause: str | None = None) -> None:
    worker, lost = population.lease_owner, population.leases_lost + 1
    runs = session.scalars(
        select(Run.id)
        .where(Run.population_id == population.id, Run.state == RunState.RUNNING)
        .order_by(Run.seed, Run.number)
    ).all()
    # The token rises, so that the lost worker's writes find nothing even before the next claim.
    population.fencing_token += 1
    population.leases_lost = lost
    population.lease_owner = None
    population.lease_expires_at = None
    session.flush()
    document: dict[str, Any] = {"population": population.public_id, "worker": worker, "leases_lost": lost}
    if cause:
        document["cause"] = cause
    epochs = 0
    if len(runs) <= 1 and lost >= FAIL_AFTER:
        last = f"{worker}: {cause}" if cause else worker
        reason = f"lost with its worker {lost} times in a row (last: {last})"
        epochs = epochs_left(session, runs)
        # Its checkpoint stays, for a retry to go on from.
        moved = _release(
            session,
            population,
            (PopulationState.FINISHED, RunState.FAILED),
            {"finished_at": now()},
            {"reason": reason, "finished_at": now()},
        )
    else:
        # A paused sweep's population must not be claimed again, although its worker handed nothing back.
        paused = held_back(intent_of(session, population.sweep_id))
        states = (
            (PopulationState.PAUSED, RunState.PAUSED) if paused else (PopulationState.QUEUED, RunState.QUEUED)
        )
        moved = _release(session, population, states)
        if lost >= SPLIT_AFTER and len(runs) > 1:
            document["split_off"] = _split(session, population, states[0], runs[len(runs) // 2 :])
    tell(session, population.sweep_id, "lease_expired", document, moved=moved, epochs=epochs)


def _release(
    session: Session,
    population: PopulationRow,
    states: tuple[PopulationState, RunState],
    population_values: Mapping[str, Any] | None = None,
    run_values: Mapping[str, Any] | None = None,
) -> Moved:
    move_populations(
        session, Cause.RELEASE, PopulationRow.id == population.id, states[0], **(population_values or {})
    )
    return move_runs(
        session, Cause.RELEASE, Run.population_id == population.id, states[1], **(run_values or {})
    )


def _split(session: Session, population: PopulationRow, state: PopulationState, runs: Sequence[int]) -> str:
    half = PopulationRow(
        public_id=new_id("p"),
        sweep_id=population.sweep_id,
        owner_id=population.owner_id,
        state=state,
        priority=population.priority,
        environment_class=population.environment_class,
        epoch=population.epoch,
        leases_lost=population.leases_lost,
        created_at=population.created_at,
    )
    session.add(half)
    session.flush()
    session.execute(update(Run).where(Run.id.in_(runs)).values(population_id=half.id))
    return half.public_id
