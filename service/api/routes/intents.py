"""What an owner can ask of a sweep that is there: to wait, to go on, to end, to be taken up again."""

from __future__ import annotations

from fastapi import APIRouter

from service.api.context import Asking, Here
from service.api.parameters import SweepId
from service.api.problems import documented
from service.api.routes.sweeps import sweep_in_full
from service.api.schemas.sweep import SweepInFull
from service.lifecycle.cancel import cancel_sweep
from service.lifecycle.pause import pause_sweep, resume_sweep
from service.lifecycle.retry import retry_sweep

router = APIRouter(tags=["sweeps"])


@router.post("/sweeps/{sweep_id}:pause", summary="Pause a sweep", responses=documented(404, 409))
def pause(here: Here, caller: Asking, sweep_id: SweepId) -> SweepInFull:
    """Hold every run back.

    Workers stop within about a second, in the middle of an epoch, too: they write a checkpoint of the last
    whole epoch and hand their runs back. The intent is `pause` at once; the state is `paused` when no run is
    running. To pause twice changes nothing; a final sweep cannot be paused.
    """
    here.database.run(lambda session: pause_sweep(session, caller.owner_id, sweep_id))
    return sweep_in_full(here, caller, sweep_id)


@router.post("/sweeps/{sweep_id}:resume", summary="Resume a paused sweep", responses=documented(404, 409))
def resume(here: Here, caller: Asking, sweep_id: SweepId) -> SweepInFull:
    """Let the runs be claimed again.

    They go on from their checkpoints, to the bits that they would have had without the pause. To resume what
    is not paused changes nothing; a final sweep cannot be resumed.
    """
    rings = here.database.run(lambda session: resume_sweep(session, caller.owner_id, sweep_id))
    if rings:
        here.ring(rings)
    return sweep_in_full(here, caller, sweep_id)


@router.post("/sweeps/{sweep_id}:cancel", summary="Cancel a sweep", responses=documented(404, 409))
def cancel(here: Here, caller: Asking, sweep_id: SweepId) -> SweepInFull:
    """End every run that is not final.

    Workers notice within about a second; what is recorded stays, and so do the checkpoints, from which a
    retry goes on.
    """
    here.database.run(lambda session: cancel_sweep(session, caller.owner_id, sweep_id))
    return sweep_in_full(here, caller, sweep_id)


@router.post(
    "/sweeps/{sweep_id}:retry", summary="Retry failed and canceled runs", responses=documented(404, 409)
)
def retry(here: Here, caller: Asking, sweep_id: SweepId) -> SweepInFull:
    """Queue every failed or canceled run again, in new populations and with no attempt counted.

    A run that was canceled, or lost with its workers, goes on from its checkpoint if it has one; any other
    begins again, without what it recorded before. A paused sweep stays paused. Where a sweep is at work and
    has no such run nothing changes; a final one without such runs cannot be retried.
    """
    rings = here.database.run(lambda session: retry_sweep(session, caller.owner_id, sweep_id))
    if rings:
        here.ring(rings)
    return sweep_in_full(here, caller, sweep_id)
