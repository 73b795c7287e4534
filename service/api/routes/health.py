"""Public answers about the service itself; they say nothing of what anyone does with it."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Response
from sqlalchemy.exc import SQLAlchemyError

from service.api.context import Context, Here
from service.api.schemas.health import Health, LiveWorkers, Part, Readiness
from service.lifecycle.workers import live_workers

router = APIRouter(tags=["service"])
_log = logging.getLogger(__name__)


@router.get("/healthz", summary="Is the process alive?")
async def get_health() -> Health:
    """Answer as long as the process can answer at all."""
    return Health()


@router.get("/readyz", summary="Can work be done?", responses={503: {"model": Readiness}})
def get_readiness(here: Here, response: Response) -> Readiness:
    """Name the database, the broker and the live workers; 503 if nothing can be stored."""
    workers = _live_workers(here)
    broker = here.broker_answers()
    if workers is None:
        response.status_code = 503
    return Readiness(
        status="unavailable" if workers is None else "ok" if broker and workers else "degraded",
        database=Part(ok=workers is not None, kind=here.database.engine.dialect.name),
        broker=Part(ok=broker, kind=here.broker_kind),
        workers=LiveWorkers(live=workers or 0),
    )


def _live_workers(here: Context) -> int | None:
    try:
        with here.database.read() as session:
            return live_workers(session)
    except SQLAlchemyError as error:
        _log.warning("the database does not answer (%s)", error)
        return None
