"""Who trains."""

from __future__ import annotations

from fastapi import APIRouter

from service.api.context import Asking, Here
from service.api.schemas.worker import Worker, Workers
from service.store import worker_queries

router = APIRouter(tags=["workers"])

MOST_WORKERS = 1000


@router.get("/workers", summary="List workers")
def list_workers(here: Here, caller: Asking) -> Workers:
    """List the worker processes, the last seen first."""
    with here.database.read() as session:
        views = worker_queries.list_workers(session, caller.owner_id, limit=MOST_WORKERS)
        busy = [view.population_id for view in views if view.trains and view.population_id is not None]
        training = worker_queries.trained_now(session, busy)
    items = [Worker.of(view, training.get(view.population_id or 0)) for view in views]
    return Workers(items=items, next_cursor=None)
