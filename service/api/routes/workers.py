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
    return Workers(items=[Worker.of(view) for view in views], next_cursor=None)
