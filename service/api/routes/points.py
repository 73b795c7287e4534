"""A sweep's runs as points of a chart: a twentieth of what a list of runs says of them."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic_core import to_json
from sqlalchemy.orm import Session
from starlette.responses import Response

from service.api.context import Asking, Here
from service.api.cursors import decode, encode
from service.api.parameters import PointsQuery, SweepId
from service.api.problems import documented
from service.api.schemas.points import Points
from service.store.point_queries import POINT_COLUMNS, run_points
from service.store.summary_queries import sweep_version

router = APIRouter(tags=["sweeps"])


@router.get(
    "/sweeps/{sweep_id}/points",
    summary="Get runs as points",
    response_model=Points,
    responses=documented(404, 422),
)
def get_points(
    here: Here, caller: Asking, sweep_id: SweepId, query: Annotated[PointsQuery, Query()]
) -> Response:
    """Return the runs of the search with little more than setting, state and value: what charts draw.

    The answer for a large sweep may be some seconds old while the sweep trains.
    """
    with here.database.read() as session:
        version = sweep_version(session, caller.owner_id, sweep_id)
        question = ("points", caller.owner_id, sweep_id, repr(query))
        work_out = partial(_body, session, caller.owner_id, sweep_id, query)
        body = here.kept.answer(question, version, work_out, patient=not version.is_final)
    return Response(body, media_type="application/json")


def _body(session: Session, owner_id: int, sweep_id: str, query: PointsQuery) -> bytes:
    after = 0 if query.cursor is None else decode(query.cursor, (int,))[0]
    found = run_points(session, owner_id, sweep_id, after=after, limit=query.limit + 1)
    rows = found.rows[: query.limit]
    document = {
        "sweep": sweep_id,
        "metric": found.metric,
        "settings": found.settings,
        "columns": POINT_COLUMNS,
        "rows": rows,
        "next_cursor": encode((rows[-1][1],)) if len(found.rows) > query.limit else None,
    }
    return to_json(document, inf_nan_mode="strings")
