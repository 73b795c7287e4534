"""A retry takes up what failed or was canceled, from its checkpoints where there are any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from core.version import NUMERICS_VERSION
from service.errors import Conflict
from service.lifecycle.owned_sweep import OwnedSweep, take_sweep
from service.lifecycle.pause import hold_back
from service.lifecycle.return_runs import Returning, return_runs
from service.lifecycle.story import tell
from service.planning.statuses import RUN_STEPS, Cause, RunState, epochs_settled, held_back
from service.store.schema import Checkpoint, Run, Sweep


def retry_sweep(session: Session, owner_id: int, public_id: str) -> int:
    """Queue every failed or canceled run again; how many workers are to be rung.

    A run that was canceled, or lost with its workers, goes on from its checkpoint; one that failed by an
    error in training left none, and begins again. A final sweep is run again, a paused one stays paused. To
    retry a sweep that is at work already changes nothing.

    Raises:
        NotFound: the owner has no such sweep.
        Conflict: the sweep is final, and none of its runs failed or was canceled.
    """
    sweep = take_sweep(session, owner_id, public_id)
    rows = _rows(session, sweep)
    if not rows:
        if sweep.state.is_final:
            states = " or ".join(sorted(state.value for state in RUN_STEPS[Cause.RETRY].before))
            raise Conflict(
                f"sweep {public_id} is {sweep.state.value}, and none of its runs is {states}; "
                "only such runs can be retried"
            )
        return 0
    returning = [
        Returning(row.id, row.population_id, row.checkpoint_epoch or 0, row.environment_class) for row in rows
    ]
    # What they count for from now on: what they have recorded, if that stays.
    epochs = sum(
        (row.epoch if row.checkpoint_epoch else 0)
        - epochs_settled(RunState(row.state), row.epoch, row.epochs)
        for row in rows
    )
    moved, populations = return_runs(session, Cause.RETRY, sweep.id, returning)
    intent = sweep.intent_once_open
    session.execute(update(Sweep).where(Sweep.id == sweep.id).values(intent=intent))
    if held_back(intent):
        moved += hold_back(session, sweep.id)
    document = {"runs": len(rows), "populations": populations}
    tell(session, sweep.id, "retried", document, moved=moved, epochs=epochs)
    return 0 if held_back(intent) else populations


def _rows(session: Session, sweep: OwnedSweep) -> Sequence[Row[*tuple[Any, ...]]]:
    numerics = select(Sweep.numerics_version).where(Sweep.id == sweep.id)
    # The arithmetic of another version does not go on where this one's stopped.
    usable = session.scalars(numerics).one() == NUMERICS_VERSION
    return session.execute(
        select(
            Run.id,
            Run.population_id,
            Run.state,
            Run.epoch,
            Run.epochs,
            Run.environment_class,
            (Checkpoint.epoch if usable else Checkpoint.epoch * 0).label("checkpoint_epoch"),
        )
        .outerjoin(Checkpoint, Checkpoint.run_id == Run.id)
        .where(Run.sweep_id == sweep.id, Run.state.in_(RUN_STEPS[Cause.RETRY].before))
        .order_by(Run.id)
    ).all()
