"""What training did to each layer of a run's network."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from service.api.context import Asking, Here
from service.api.parameters import LayersQuery, RunId
from service.api.problems import documented
from service.api.schemas.layers import LayerHistory, layer_history
from service.store.layer_queries import find_layers

router = APIRouter(tags=["runs"])


@router.get(
    "/runs/{run_id}/layers",
    summary="Get a run's layers over epochs",
    response_model=LayerHistory,
    responses=documented(404, 422),
)
def get_layers(here: Here, caller: Asking, run_id: RunId, query: Annotated[LayersQuery, Query()]) -> Response:
    """Return what the last step of each recorded epoch did to each layer.

    `after_epoch` reads on from what is known already.
    """
    with here.database.read() as session:
        found = find_layers(session, caller.owner_id, run_id, after_epoch=query.after_epoch)
    return Response(layer_history(found), media_type="application/json")
