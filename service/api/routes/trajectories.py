"""Gradient descent on a function, for as many learning rates as a picture needs."""

from __future__ import annotations

from typing import Any

import numpy as np
from fastapi import APIRouter
from numpy.typing import NDArray
from starlette.responses import JSONResponse

from core.functions import Function
from service.api import bodies
from service.api.parameters import Body
from service.api.problems import documented
from service.api.schemas.trajectories import EXAMPLES, RateRange, Trajectories, TrajectoriesRequest
from service.inference.trajectories import Descents, curve, descend
from service.planning.measurements import json_number

router = APIRouter(tags=["learn"])


@router.post(
    "/trajectories",
    summary="Descend on a function",
    response_model=Trajectories,
    responses=documented(413, 415, 422),
    openapi_extra=bodies.documented_body(TrajectoriesRequest, EXAMPLES),
)
def descend_on_a_function(body: Body) -> JSONResponse:
    """Return the points of plain gradient descent, x <- x - a f'(x), for each learning rate a.

    Nothing is stored. The points have the bits of a sweep's runs over the same function.
    """
    asked = bodies.read(body, TrajectoriesRequest)
    with bodies.told_by_the_core():
        function = Function.of(asked.expression, asked.start)
    rates = asked.learning_rates
    chosen = np.linspace(rates.min, rates.max, rates.count) if isinstance(rates, RateRange) else rates
    found = descend(function, chosen, asked.steps, asked.tail)
    drawn = asked.curve and curve(function, np.linspace(asked.curve.min, asked.curve.max, asked.curve.count))
    shown = _document(asked, found)
    shown["curve"] = drawn and {name: _written(numbers) for name, numbers in drawn.items()}
    return JSONResponse(shown)


def _document(asked: TrajectoriesRequest, found: Descents) -> dict[str, Any]:
    def by_variable(numbers: NDArray[np.float64]) -> dict[str, Any]:
        return {name: _written(numbers[..., place]) for place, name in enumerate(found.variables)}

    return {
        "expression": asked.expression,
        "variables": list(found.variables),
        "steps": asked.steps,
        "first_step": found.first_step,
        "learning_rates": found.rates.tolist(),
        "points": by_variable(found.points),
        "values": _written(found.values) if asked.values else None,
        "derivatives": by_variable(found.derivatives) if asked.values else None,
        "escaped_at": found.escaped_at,
        "period": found.period,
    }


def _written(numbers: NDArray[np.float64]) -> Any:
    """Lists of numbers, with words for those that are not finite."""
    if numbers.ndim > 1:
        return [_written(row) for row in numbers]
    return (
        numbers.tolist() if np.isfinite(numbers).all() else [json_number(each) for each in numbers.tolist()]
    )
