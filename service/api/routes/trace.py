"""One step of backpropagation, written out."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

from core.trace import TracedNetwork, network_of_run, read_network, trace
from service.api import bodies
from service.api.context import Asking, Context, Here
from service.api.parameters import Body
from service.api.problems import documented
from service.api.schemas.trace import EXAMPLES, Trace, TraceRequest
from service.errors import Fault, InvalidSubmission
from service.inference.traced_run import given_row, stored_row, traced_example
from service.inference.trained import TrainedNetwork, find_trained
from service.lifecycle.datasets import table_of_run

router = APIRouter(tags=["learn"])

OF_A_RUN = ("which", "row", "example")
WRITTEN_OUT = ("layers", "loss", "inputs", "targets")


@router.post(
    "/trace",
    summary="Write one step of backpropagation out",
    response_model=Trace,
    responses=documented(404, 409, 413, 415, 422),
    openapi_extra=bodies.documented_body(TraceRequest, EXAMPLES),
)
def trace_a_step(here: Here, caller: Asking, body: Body) -> JSONResponse:
    """Return every value, derivative, gradient, update and path of one step, in the article's five steps.

    Nothing is stored. Fractions are exact where the functions are rational: relu, leaky_relu, softsign and
    identity with the loss mse.
    """
    asked = bodies.read(body, TraceRequest)
    if asked.run_id is not None:
        return JSONResponse(_of_a_run(here, caller.owner_id, asked.run_id, asked))
    _refuse(asked, OF_A_RUN, "belongs to a run, and there is no run_id")
    with bodies.told_by_the_core():
        network = read_network(asked.layers, loss=asked.loss)
        found = _traced(network, asked, asked.inputs, asked.targets, asked.learning_rate)
    return JSONResponse(found)


def _of_a_run(here: Context, owner_id: int, run_id: str, asked: TraceRequest) -> dict[str, Any]:
    _refuse(asked, WRITTEN_OUT, "cannot stand beside run_id: a run has its own")
    if (asked.row is None) == (asked.example is None):
        raise InvalidSubmission(
            [Fault("row", "one of row and example is needed", asked.row, "one of the two")]
        )
    with here.database.read() as session:
        trained = find_trained(session, owner_id, run_id, asked.which)
        table = (
            given_row(trained, asked.example)
            if asked.example is not None
            else stored_row(table_of_run(session, owner_id, run_id), asked.row or 0)
        )
    example = traced_example(trained, table)
    configuration = trained.configuration
    with bodies.told_by_the_core("run_id"):
        network = network_of_run(configuration, trained.parameters)
    rate = configuration.learning_rate if asked.learning_rate is None else asked.learning_rate
    with bodies.told_by_the_core():
        found = _traced(network, asked, [example.inputs], [example.target], rate)
    return found | {"of_run": _told(trained)}


def _traced(
    network: TracedNetwork, asked: TraceRequest, inputs: object, targets: object, rate: object
) -> dict[str, Any]:
    return trace(
        network,
        inputs,
        targets,
        rate,
        steps=asked.steps,
        path_limit=asked.path_limit,
        paths_of=asked.paths_of,
    ).document()


def _refuse(asked: TraceRequest, names: tuple[str, ...], message: str) -> None:
    faults = [
        Fault(name, f"{name} {message}", getattr(asked, name), "nothing here")
        for name in names
        if name in asked.model_fields_set
    ]
    if faults:
        raise InvalidSubmission(faults)


def _told(trained: TrainedNetwork) -> dict[str, Any]:
    preprocessing, origin = trained.preprocessing, trained.origin
    outputs = preprocessing.labels or preprocessing.target.columns
    return {
        "run": origin.run,
        "which": origin.which,
        "weights_sha256": origin.weights_sha256,
        "inputs": list(preprocessing.input_names),
        "outputs": [str(each) for each in outputs],
    }
