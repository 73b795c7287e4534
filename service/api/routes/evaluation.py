"""A run's network on the test rows of its sweep."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from service.api.context import Asking, Here
from service.api.parameters import EvaluationQuery, RunId
from service.api.problems import documented
from service.api.schemas.evaluation import Evaluation
from service.lifecycle.evaluate import evaluate

router = APIRouter(tags=["runs"])


@router.get(
    "/runs/{run_id}/evaluation",
    summary="Evaluate a run on its test rows",
    responses=documented(404, 409, 422),
)
def get_evaluation(
    here: Here, caller: Asking, run_id: RunId, query: Annotated[EvaluationQuery, Query()]
) -> Evaluation:
    """Return how often each class was taken for which, or true values with predicted ones.

    Computed from the kept weights and the dataset, through the preprocessing that was fitted at submit and
    the arithmetic of training. Whoever chooses between runs by this has no test any more.
    """
    return Evaluation.of(evaluate(here.database, caller.owner_id, run_id, query.which), query.points)
