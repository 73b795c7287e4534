"""Public answers about the service itself; they say nothing of what anyone does with it."""

from __future__ import annotations

from fastapi import APIRouter, Response

from service.api.context import Context, Here
from service.api.schemas.health import Health, LiveWorkers, Part, Readiness
from service.lifecycle.workers import WorkerState, count_workers

router = APIRouter(tags=["service"])


@router.get("/healthz", summary="Is the process alive?")
async def get_health() -> Health:
    """Answer as long as the process can answer at all."""
    return Health()


@router.get("/readyz", summary="Can work be done?", responses={503: {"model": Readiness}})
def get_readiness(here: Here, response: Response) -> Readiness:
    """Name the database, the broker and the live workers; 503 if nothing can be stored."""
    workers = here.workers.ask(lambda: _workers(here))
    broker = here.broker_answers()
    if workers is None:
        response.status_code = 503
    return Readiness(
        status="unavailable" if workers is None else "ok" if broker and workers.live else "degraded",
        database=Part(ok=workers is not None, kind=here.database.engine.dialect.name),
        broker=Part(ok=broker, kind=here.broker_kind),
        workers=workers or LiveWorkers(live=0, training=0, idle=0, silent=0),
    )


def _workers(here: Context) -> LiveWorkers:
    with here.database.read() as session:
        counts = count_workers(session)
    training, idle = counts[WorkerState.TRAINING], counts[WorkerState.IDLE]
    return LiveWorkers(live=training + idle, training=training, idle=idle, silent=counts[WorkerState.SILENT])
