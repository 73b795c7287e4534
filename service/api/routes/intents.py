"""What an owner can ask of a sweep that is there: to wait, to go on, to end, to be taken up again."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from service.api.context import Asking, Here
from service.api.examples import EXTENSIONS
from service.api.parameters import Body, SweepId
from service.api.problems import documented
from service.api.routes.sweeps import sweep_in_full
from service.api.schemas.sweep import SweepInFull
from service.lifecycle.cancel import cancel_sweep
from service.lifecycle.extend import extend_sweep
from service.lifecycle.limits import limits_of, within
from service.lifecycle.pause import pause_sweep, resume_sweep
from service.lifecycle.retry import retry_sweep

router = APIRouter(tags=["sweeps"])

# As a submission, an extension is read by the service's own strict reader.
EXTENSION: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/SweepExtension"},
                "examples": EXTENSIONS,
            }
        },
    }
}


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
    limits = limits_of(here.settings, caller)
    rings = here.database.run(
        within(limits, caller.owner_id, lambda session: retry_sweep(session, caller.owner_id, sweep_id))
    )
    if rings:
        here.ring(rings)
    return sweep_in_full(here, caller, sweep_id)


@router.post(
    "/sweeps/{sweep_id}:extend",
    summary="Add seeds, values or epochs to a sweep",
    responses=documented(404, 409, 413, 415, 422),
    openapi_extra=EXTENSION,
)
def extend(here: Here, caller: Asking, sweep_id: SweepId, body: Body) -> SweepInFull:
    """Add runs to a sweep, or epochs to its runs; what it has already is not added again.

    New seeds and values make new runs, numbered behind the last one and planned as a submit does, over the
    same dataset, preprocessing and split; those that you have had trained before are answered from the store
    as in a submit (`reused_from`), unless `rerun` is set there or here. More epochs can be had once the sweep
    is final: its completed runs then are runs of that many epochs, with the configuration hash of such runs,
    and have results again when they end. Refused is what could not be compared: epochs under a schedule whose
    learning rates depend on their number, and anything under another numerics version. A paused sweep stays
    paused.
    """
    rings = extend_sweep(
        here.database,
        owner_id=caller.owner_id,
        public_id=sweep_id,
        body=body,
        max_runs=here.settings.max_runs_per_sweep,
        most_memory=here.settings.memory_for_a_run,
        limits=limits_of(here.settings, caller),
    )
    if rings:
        here.ring(rings)
    return sweep_in_full(here, caller, sweep_id)
