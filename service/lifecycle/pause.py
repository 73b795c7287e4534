"""A paused sweep is claimed by nobody; what its workers hold they checkpoint and hand back."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from service.lifecycle.moves import Moved, move_populations, move_runs
from service.lifecycle.owned_sweep import require_allowed, take_sweep
from service.lifecycle.story import tell
from service.planning.statuses import Cause, Intent, PopulationState, RunState
from service.store.schema import PopulationRow, Run, Sweep


def pause_sweep(session: Session, owner_id: int, public_id: str) -> None:
    """Hold back what is queued at once; a worker in the middle of an epoch is told within a second.

    The sweep is paused as soon as none of its runs is running. To pause it twice changes nothing.

    Raises:
        NotFound: the owner has no such sweep.
        Conflict: the sweep is final.
    """
    sweep = take_sweep(session, owner_id, public_id)
    require_allowed(sweep, Cause.PAUSE, "paused")
    if sweep.intent is Intent.PAUSE:
        return
    session.execute(update(Sweep).where(Sweep.id == sweep.id).values(intent=Intent.PAUSE))
    moved = hold_back(session, sweep.id)
    tell(session, sweep.id, "paused", moved=moved)


def resume_sweep(session: Session, owner_id: int, public_id: str) -> int:
    """Let what was held back be claimed again, from its checkpoints; how many workers are to be rung.

    To resume a sweep that is not paused changes nothing.

    Raises:
        NotFound: the owner has no such sweep.
        Conflict: the sweep is final.
    """
    sweep = take_sweep(session, owner_id, public_id)
    require_allowed(sweep, Cause.RESUME, "resumed")
    if sweep.intent is Intent.RUN:
        return 0
    session.execute(update(Sweep).where(Sweep.id == sweep.id).values(intent=Intent.RUN))
    queued = move_populations(
        session, Cause.RESUME, PopulationRow.sweep_id == sweep.id, PopulationState.QUEUED
    )
    moved = move_runs(session, Cause.RESUME, Run.sweep_id == sweep.id, RunState.QUEUED)
    tell(session, sweep.id, "resumed", moved=moved)
    return len(queued)


def hold_back(session: Session, sweep_id: int) -> Moved:
    """Take a sweep's queued populations, and the runs in them, out of what can be claimed."""
    move_populations(session, Cause.PAUSE, PopulationRow.sweep_id == sweep_id, PopulationState.PAUSED)
    # By population, not by the runs' own state: one that is claimed at this moment has queued runs, too.
    held = select(PopulationRow.id).where(
        PopulationRow.sweep_id == sweep_id, PopulationRow.state == PopulationState.PAUSED
    )
    return move_runs(session, Cause.PAUSE, Run.population_id.in_(held), RunState.PAUSED)
