"""Rows for a run's network to answer."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from service.api import bodies
from service.api.context import Asking, Here
from service.api.parameters import Body, RunId
from service.api.problems import documented
from service.api.schemas.prediction import EXAMPLES, PredictionRequest, Predictions, predictions
from service.datasets.rows import Read, from_columns, from_rows
from service.errors import Fault, InvalidSubmission
from service.inference.predictions import answer
from service.inference.trained import TrainedNetwork, find_trained

router = APIRouter(tags=["runs"])


@router.post(
    "/runs/{run_id}:predict",
    summary="Let a run's network answer rows",
    response_model=Predictions,
    responses=documented(404, 409, 413, 415, 422),
    openapi_extra=bodies.documented_body(PredictionRequest, EXAMPLES),
)
def predict(here: Here, caller: Asking, request: Request, run_id: RunId, body: Body) -> JSONResponse:
    """Return each row's class with its probabilities, or its values in the user's units.

    Rows go through the preprocessing that was fitted at submit, and through the arithmetic of training, on
    one thread. Nothing is stored.
    """
    bodies.refuse_query(request, PredictionRequest)
    asked = bodies.read(body, PredictionRequest)
    with here.database.read() as session:
        network = find_trained(session, caller.owner_id, run_id, asked.which)
    given = _given(asked, network)
    return JSONResponse(predictions(network.origin, answer(network, given.table), given.ignored))


def _given(asked: PredictionRequest, network: TrainedNetwork) -> Read:
    wanted = network.feature_columns
    known = [column.name for column in network.columns]
    empty = network.preprocessing.empty_text_features
    if (asked.rows is None) == (asked.columns is None):
        message = "rows or columns are missing" if asked.rows is None else "stand beside each other"
        raise InvalidSubmission([Fault("rows", message, None, "either rows or columns")])
    if asked.rows is not None:
        return from_rows(asked.rows, wanted, known, empty_texts=empty)
    return from_columns(asked.columns or {}, wanted, known, empty_texts=empty)
