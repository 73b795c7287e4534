"""A cancelled sweep takes its populations away from their workers by the fencing token."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from service.errors import Conflict, NotFound
from service.lifecycle.story import tell
from service.planning.statuses import Intent, PopulationState, RunState, SweepState
from service.store.clock import now
from service.store.schema import Checkpoint, PopulationRow, Run, Sweep

OPEN_STATES = (RunState.QUEUED, RunState.RUNNING, RunState.PAUSED)


def cancel_sweep(session: Session, owner_id: int, public_id: str) -> None:
    """End every run that is not final; a worker in the middle of one finds its lease gone at its next record.

    Raises:
        NotFound: the owner has no such sweep.
        Conflict: the sweep is final already.
    """
    found = session.execute(
        select(Sweep.id, Sweep.state).where(Sweep.public_id == public_id, Sweep.owner_id == owner_id)
    ).one_or_none()
    if found is None:
        raise NotFound(f"there is no sweep {public_id}")
    if SweepState(found.state).is_final:
        raise Conflict(
            f"sweep {public_id} is {found.state}; only a queued, running or paused one can be canceled"
        )
    session.execute(
        update(PopulationRow)
        .where(PopulationRow.sweep_id == found.id, PopulationRow.state != PopulationState.FINISHED)
        .values(
            state=PopulationState.FINISHED,
            fencing_token=PopulationRow.fencing_token + 1,
            lease_owner=None,
            lease_expires_at=None,
            finished_at=now(),
        )
    )
    open_runs = session.execute(
        select(Run.id, Run.state)
        .where(Run.sweep_id == found.id, Run.state.in_(OPEN_STATES))
        .order_by(Run.id)
        .with_for_update()
    ).all()
    session.execute(
        update(Run)
        .where(Run.sweep_id == found.id, Run.state.in_(OPEN_STATES))
        .values(state=RunState.CANCELED, reason="canceled by its owner", finished_at=now())
    )
    session.execute(
        delete(Checkpoint).where(Checkpoint.run_id.in_(select(Run.id).where(Run.sweep_id == found.id)))
    )
    session.execute(update(Sweep).where(Sweep.id == found.id).values(intent=Intent.CANCEL))
    moved = Counter((RunState(state), RunState.CANCELED) for _run, state in open_runs)
    tell(session, found.id, "canceled", moved=moved)
