"""The service at one look: what it stands on, how much there is to do, and how fast it goes."""

from __future__ import annotations

from fastapi import APIRouter, Request

from service.api.context import Asking, Here
from service.api.schemas.system import Queue, System
from service.lifecycle.access import Scope
from service.lifecycle.workers import WorkerState, count_workers
from service.store.load_queries import load

router = APIRouter(tags=["service"])


@router.get("/system", summary="Look at the service as a whole")
def look_at_the_service(here: Here, caller: Asking, request: Request) -> System:
    """Return version, database, broker, workers and work by state.

    Runs, sweeps, queue and speed are those of all owners for whoever has the scope `admin`, as in `/metrics`,
    and the caller's own otherwise.
    """
    everybody = Scope.ADMIN in caller.scopes
    with here.database.read() as session:
        found, workers = load(session, None if everybody else caller.owner_id), count_workers(session)
    return System(
        whose="everybody" if everybody else "own",
        version=request.app.version,
        database=here.database.engine.dialect.name,
        broker=here.broker_kind,
        broker_answers=here.broker_answers(),
        workers={state.value: workers.get(state, 0) for state in WorkerState},
        runs=dict(found.runs),
        sweeps=dict(found.sweeps),
        queue=Queue(**found.populations, oldest_queued_seconds=found.oldest_queued_seconds),
        epochs_per_second=found.epochs_per_second,
    )
