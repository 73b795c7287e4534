"""A canceled sweep takes its populations away from their workers by the fencing token."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from service.lifecycle.moves import move_populations, move_runs
from service.lifecycle.owned_sweep import require_allowed, take_sweep
from service.lifecycle.story import tell
from service.planning.statuses import Cause, Intent, PopulationState, RunState
from service.store.clock import now
from service.store.schema import PopulationRow, Run, Sweep


def cancel_sweep(session: Session, owner_id: int, public_id: str) -> None:
    """End every run that is not final; a worker in the middle of one is told within a second.

    Their checkpoints stay, for a retry to go on from.

    Raises:
        NotFound: the owner has no such sweep.
        Conflict: the sweep is final already.
    """
    sweep = take_sweep(session, owner_id, public_id)
    require_allowed(sweep, Cause.CANCEL, "canceled")
    move_populations(
        session,
        Cause.CANCEL,
        PopulationRow.sweep_id == sweep.id,
        PopulationState.FINISHED,
        fencing_token=PopulationRow.fencing_token + 1,
        lease_owner=None,
        lease_expires_at=None,
        finished_at=now(),
    )
    moved = move_runs(
        session,
        Cause.CANCEL,
        Run.sweep_id == sweep.id,
        RunState.CANCELED,
        reason="canceled by its owner",
        finished_at=now(),
    )
    session.execute(update(Sweep).where(Sweep.id == sweep.id).values(intent=Intent.CANCEL))
    tell(session, sweep.id, "canceled", moved=moved)
