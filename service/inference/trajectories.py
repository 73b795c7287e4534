"""Plain gradient descent on a function for many learning rates at once, bounded before it begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.arrays import Float64Array
from core.descent import trajectory
from core.expressions.tree import size
from core.functions import DIVERGENCE_LIMIT, Function, differentiate
from service.errors import Fault, InvalidSubmission

MOST_RATES = 4_000
MOST_STEPS = 10_000
MOST_POINTS = 2_000  # of a curve
MOST_SHOWN = 500_000  # numbers of one variable: about 10 MB of JSON
MOST_KEPT = 5_000_000  # numbers in memory while descending: 40 MB
# Numbers computed, a second or two: measured at up to 0.1 microseconds each for powers and functions.
# However few the rates are, a step takes 4 microseconds for each part of the expression.
MOST_WORK = 20_000_000
STEP_COSTS = 50  # rates, that would take as long
MOST_PERIOD = 64
REPEATS = 1e-9  # relative to the largest point of the last two periods


@dataclass(frozen=True, slots=True)
class Descents:
    """What happened.

    Shapes:
        rates                (runs,)
        points, derivatives  (runs, shown, variables)
        values               (runs, shown)
        escaped_at, period   one for each run
    """

    variables: tuple[str, ...]
    rates: Float64Array
    first_step: int
    points: Float64Array
    values: Float64Array
    derivatives: Float64Array
    escaped_at: list[int | None]
    period: list[int | None]


def descend(
    function: Function, rates: Sequence[float] | Float64Array, steps: int, tail: int | None
) -> Descents:
    """Descend from the function's first start with every rate.

    Raises: InvalidSubmission where it would take too long, or the answer would be too large.
    """
    learning_rates = np.asarray(rates, dtype=np.float64)
    shown = steps + 1 if tail is None else min(tail, steps + 1)
    _check_size(function, len(learning_rates), steps, shown)
    start = dict(zip(function.variables, function.starts[0], strict=True))
    points = trajectory(function.expression, start, learning_rates, steps)
    kept = np.ascontiguousarray(points[:, steps + 1 - shown :])
    with np.errstate(all="ignore"):
        value, gradient = differentiate(
            function.tape, function.variables, kept.reshape(-1, len(function.variables))
        )
    return Descents(
        function.variables,
        learning_rates,
        steps + 1 - shown,
        kept,
        value.reshape(kept.shape[:2]),
        gradient.reshape(kept.shape),
        _escapes(points),
        [_period(run) for run in points],
    )


def curve(function: Function, points: Float64Array) -> Mapping[str, Float64Array]:
    """The function and its derivative at points of its one variable.

    Raises: InvalidSubmission if it has several.
    """
    if len(function.variables) != 1:
        message = f"a curve is drawn over one variable; the expression has {len(function.variables)}"
        raise InvalidSubmission([Fault("curve", message, list(function.variables), "null")])
    with np.errstate(all="ignore"):
        value, gradient = differentiate(function.tape, function.variables, points[:, None])
    return {"points": points, "values": value, "derivatives": gradient[:, 0]}


def _check_size(function: Function, rates: int, steps: int, shown: int) -> None:
    nodes, variables = size(function.expression.tree), len(function.variables)
    faults = []
    work = (rates + STEP_COSTS) * nodes
    if work * steps > MOST_WORK:
        message = f"{rates:,} learning rates, {steps:,} steps and an expression of {nodes} parts are too much"
        faults.append(Fault("steps", message, steps, f"at most {MOST_WORK // work:,} steps with these"))
    if rates * (steps + 1) * variables > MOST_KEPT:
        message = f"{rates:,} learning rates, {steps:,} steps and {variables} variables are too much"
        faults.append(Fault("steps", message, steps, f"at most {MOST_KEPT:,} points in all"))
    if rates * shown * variables > MOST_SHOWN:
        most = MOST_SHOWN // (rates * variables)
        message = f"{rates:,} learning rates with {shown:,} points each are too long an answer"
        faults.append(Fault("tail", message, shown, f"at most {most:,} points of each"))
    if faults:
        raise InvalidSubmission(faults)


def _escapes(points: Float64Array) -> list[int | None]:
    gone = np.logical_not((np.abs(points) <= DIVERGENCE_LIMIT).all(axis=2))
    first = gone.argmax(axis=1)
    return [int(step) if gone[run, step] else None for run, step in enumerate(first)]


def _period(points: NDArray[np.float64]) -> int | None:
    """After how many steps the last points (steps + 1, variables) repeat, and once more, or None."""
    last = points[-2 * MOST_PERIOD - 1 :]
    if not np.isfinite(last).all():
        return None
    near = REPEATS * np.abs(last).max()
    for period in range(1, min(MOST_PERIOD, (len(last) - 1) // 2) + 1):
        seen = last[-2 * period - 1 :]
        if (np.abs(seen[period:] - seen[:-period]) <= near).all():
            return period
    return None
