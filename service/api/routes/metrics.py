"""The service for Prometheus."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from service.api.context import Context, Here
from service.api.gate.authentication import METRICS
from service.api.measures import Measures
from service.lifecycle.workers import WorkerState, count_workers
from service.store.load_queries import Load, load

router = APIRouter(tags=["service"])
_log = logging.getLogger(__name__)


@router.get(
    METRICS,
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={
        200: {
            "description": "Prometheus's text format, or OpenMetrics where it is accepted.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        }
    },
)
def get_metrics(here: Here, request: Request) -> Response:
    """Say how much there is to do, how fast it goes, and what this process answers.

    What is read from the database (runs, sweeps, populations, workers, epochs, leases) is the same whichever
    API process is asked: of several take the maximum. Requests, streams and process metrics are a process's
    own: add them up. They count what is everybody's, so a key needs the scope `admin`.
    """
    measures: Measures = request.app.state.measures
    found, workers = _read(here)
    accept = request.headers.get("accept", "")
    content, media_type = measures.text(accept, here.tail.watchers, found, workers)
    return Response(content, headers={"Content-Type": media_type})


def _read(here: Context) -> tuple[Load | None, dict[WorkerState, int] | None]:
    try:
        with here.database.read() as session:
            return load(session), dict(count_workers(session))
    except SQLAlchemyError as error:
        _log.warning("the database does not answer (%s)", error)
        return None, None
