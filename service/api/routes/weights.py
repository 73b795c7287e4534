"""A run's weights to take away."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service.api.context import Asking, Here
from service.api.parameters import RunId, WeightsQuery
from service.api.problems import documented
from service.api.weight_formats import MEDIA_TYPES, written
from service.inference.trained import find_stored
from service.store.run_queries import find_weights

router = APIRouter(tags=["runs"])

BINARY = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/runs/{run_id}/weights",
    summary="Download a run's weights",
    response_class=Response,
    responses={
        200: {
            "description": "Tensors `layers.0.weight` (inputs, outputs), `layers.0.bias` (outputs), ...; "
            "of a run over a function its variables, each without a dimension. ONNX: the whole network "
            "behind its preprocessing, with an input of its own name for each raw column.",
            "content": {
                MEDIA_TYPES["safetensors"]: BINARY,
                MEDIA_TYPES["json"]: {"schema": {"type": "object"}},
            },
        },
        304: {"description": "The weights are those of If-None-Match."},
        **documented(404, 409, 422),
    },
)
def get_weights(
    here: Here, caller: Asking, request: Request, run_id: RunId, query: Annotated[WeightsQuery, Query()]
) -> Response:
    """Return the weights as safetensors, NumPy archive, ONNX or JSON; the ETag names their hash.

    In an ONNX model every input is (rows, 1): a number is float64, and NaN where it is missing; a boolean is
    a number, 1 or 0; a text is "" where it is missing. It answers `label` and `probabilities`, or `values`
    in the user's units.
    """
    with here.database.read() as session:
        weights = find_weights(session, caller.owner_id, run_id, query.which)
        stored = find_stored(session, weights)
    tag = f'"{weights.weights_sha256}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{run_id}-{query.which}.{query.format}"'
    return Response(written(stored, query.format), media_type=MEDIA_TYPES[query.format], headers=headers)
