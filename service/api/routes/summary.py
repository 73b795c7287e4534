"""A sweep's answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import JSONResponse

from service.api.context import Asking, Here
from service.api.parameters import SummaryQuery, SweepId, names
from service.api.problems import documented
from service.api.schemas.summary import Summary, as_json
from service.planning.headline import headline, notes
from service.store.summary_queries import sweep_summary

router = APIRouter(tags=["sweeps"])


@router.get(
    "/sweeps/{sweep_id}/summary",
    summary="Get a sweep's answer",
    response_model=Summary,
    responses=documented(404, 422),
)
def get_summary(
    here: Here, caller: Asking, sweep_id: SweepId, query: Annotated[SummaryQuery, Query()]
) -> JSONResponse:
    """Return, per setting over its seeds, mean and interval, failures, the best and the set it belongs to."""
    with here.database.read() as session:
        found, context = sweep_summary(session, caller.owner_id, sweep_id, names(query.group_by))
    document = found.to_json(headline=headline(found, context), notes=notes(found))
    return JSONResponse(as_json({"sweep": sweep_id, **document}))
