"""A sweep's answer."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic_core import to_json
from sqlalchemy.orm import Session
from starlette.responses import Response

from service.api.context import Asking, Here
from service.api.parameters import ComparisonQuery, SummaryQuery, SweepId, names
from service.api.problems import documented
from service.api.schemas.summary import Comparison, Importance, Summary
from service.store.summary_queries import (
    setting_comparison,
    summary_text,
    sweep_importance,
    sweep_version,
)

router = APIRouter(tags=["sweeps"])


@router.get(
    "/sweeps/{sweep_id}/summary",
    summary="Get a sweep's answer",
    response_model=Summary,
    responses=documented(404, 422),
)
def get_summary(
    here: Here, caller: Asking, sweep_id: SweepId, query: Annotated[SummaryQuery, Query()]
) -> Response:
    """Return, per setting over its seeds, mean and interval, failures, the best and the set it belongs to.

    The answer for a sweep of thousands of runs may be some seconds old while the sweep trains.
    """
    group_by = names(query.group_by)
    with here.database.read() as session:
        version = sweep_version(session, caller.owner_id, sweep_id)
        question = ("summary", caller.owner_id, sweep_id, group_by)
        work_out = partial(summary_text, session, *question[1:])
        body = here.kept.answer(question, version, work_out, patient=not version.is_final)
    return Response(body, media_type="application/json")


@router.get(
    "/sweeps/{sweep_id}/importance",
    summary="Get which parameters matter",
    response_model=Importance,
    responses=documented(404),
)
def get_importance(here: Here, caller: Asking, sweep_id: SweepId) -> Response:
    """Return how much of the differences between settings each parameter explains, diverged runs as worst.

    The answer for a sweep of thousands of runs may be some seconds old while the sweep trains.
    """
    with here.database.read() as session:
        version = sweep_version(session, caller.owner_id, sweep_id)
        question = ("importance", caller.owner_id, sweep_id)
        work_out = partial(_importance, session, *question[1:])
        body = here.kept.answer(question, version, work_out, patient=not version.is_final)
    return Response(body, media_type="application/json")


@router.get("/sweeps/{sweep_id}/comparison", summary="Compare two settings", responses=documented(404, 422))
def get_comparison(
    here: Here, caller: Asking, sweep_id: SweepId, query: Annotated[ComparisonQuery, Query()]
) -> Comparison:
    """Say how probable it is that one setting beats another at a seed, and whether that matters."""
    with here.database.read() as session:
        metric, found = setting_comparison(session, caller.owner_id, sweep_id, query.a, query.b)
    return Comparison(sweep=sweep_id, metric=metric, **asdict(found))


def _importance(session: Session, owner_id: int, sweep_id: str) -> bytes:
    metric, found = sweep_importance(session, owner_id, sweep_id)
    return to_json({"sweep": sweep_id, "metric": metric, **asdict(found)})
