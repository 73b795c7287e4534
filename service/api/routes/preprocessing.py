"""What was fitted to a sweep's dataset, for programs that compute what its networks say themselves."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

from service.api.context import Asking, Here
from service.api.parameters import SweepId
from service.api.problems import documented
from service.store.sweep_queries import find_preprocessing

router = APIRouter(tags=["sweeps"])


@router.get(
    "/sweeps/{sweep_id}/preprocessing",
    summary="Get what was fitted to a sweep's dataset",
    response_class=JSONResponse,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}, **documented(404)},
)
def get_preprocessing(here: Here, caller: Asking, sweep_id: SweepId) -> JSONResponse:
    """Return the features in the order of the network's inputs, and the target.

    A number becomes (value - center) / scale, `fill` where it is missing, 0 if it is constant; a text one
    input for each category. `indicator` says that one more input is 1 where the value was missing. A
    regression's outputs times `deviations` plus `means` are in the user's units. Empty for a function.
    """
    with here.database.read() as session:
        document: dict[str, Any] = find_preprocessing(session, caller.owner_id, sweep_id)
    return JSONResponse(document)
