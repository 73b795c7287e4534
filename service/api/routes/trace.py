"""One step of backpropagation, written out."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import JSONResponse

from core.trace import read_network, trace
from service.api import bodies
from service.api.parameters import Body
from service.api.problems import documented
from service.api.schemas.trace import EXAMPLES, Trace, TraceRequest

router = APIRouter(tags=["learn"])


@router.post(
    "/trace",
    summary="Write one step of backpropagation out",
    response_model=Trace,
    responses=documented(404, 409, 413, 415, 422),
    openapi_extra=bodies.documented_body(TraceRequest, EXAMPLES),
)
def trace_a_step(body: Body) -> JSONResponse:
    """Return every value, derivative, gradient, update and path of one step, in the article's five steps.

    Nothing is stored. Fractions are exact where the functions are rational: relu, leaky_relu, softsign and
    identity with the loss mse.
    """
    asked = bodies.read(body, TraceRequest)
    with bodies.told_by_the_core():
        network = read_network(asked.layers, loss=asked.loss)
        found = trace(
            network,
            asked.inputs,
            asked.targets,
            asked.learning_rate,
            steps=asked.steps,
            path_limit=asked.path_limit,
            paths_of=asked.paths_of,
        )
    return JSONResponse(found.document())
