"""A distribution becomes the values of a grid, or is refused with the reason.

Names and meanings are those of W&B's sweep files. A grid needs `count`, except where whole steps say which
values there are. Unlike in W&B's own grids, the upper end is always among them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from service.errors import Fault, InvalidSubmission
from service.planning import grids
from service.planning.plain_text import did_you_mean
from service.planning.strict_json import MAX_INTEGER, member

MAX_VALUES = 100_000  # of one parameter: no sweep may have more runs
GRID_DISTRIBUTIONS = (
    "uniform",
    "log_uniform_values",
    "inv_log_uniform_values",  # where log(1 / X) is even, log(X) is
    "log_uniform",
    "inv_log_uniform",
    "int_uniform",
    "q_uniform",
)
_WITHOUT_ENDS = ("normal", "q_normal", "log_normal", "q_log_normal", "beta", "q_beta")
_NOT_IN_GRIDS = ("q_log_uniform", "q_log_uniform_values")
_KEYS = {"low": "min", "high": "max", "count": "count", "step": "q"}
_STEPPED = ("int_uniform", "q_uniform")


@dataclass(frozen=True, slots=True)
class Distribution:
    """What was asked for, unchecked, and where each part stands in the submission."""

    name: str
    low: object
    high: object
    count: object
    step: object
    paths: Mapping[str, str]  # of low, high, count and step

    def refusal(self, part: str, message: str, allowed: str | None = None) -> InvalidSubmission:
        """The error for one of its parts."""
        return InvalidSubmission([Fault(self.paths[part], message, getattr(self, part), allowed)])


def from_wandb(spec: Mapping[str, object], path: str) -> Distribution:
    """The distribution that W&B's grammar means; min and max alone are int_uniform if both are whole.

    Raises: InvalidSubmission for a name that no grid can use, and for what does not belong here.
    """
    name = spec.get("distribution")
    if name is None:
        whole = all(_is_whole(spec.get(key)) for key in ("min", "max"))
        name = "int_uniform" if whole else "uniform"
    faults = [
        _stray_key(str(name), key, spec[key], path)
        for key in spec
        if key not in ("distribution", "min", "max", "count") and not (key == "q" and name == "q_uniform")
    ]
    if name not in GRID_DISTRIBUTIONS:
        faults = [_no_grid(name, member(path, "distribution"))]
    if faults:
        raise InvalidSubmission(faults)
    paths = {part: member(path, key) for part, key in _KEYS.items()}
    step = spec.get("q", 1) if name in _STEPPED else None
    return Distribution(str(name), spec.get("min"), spec.get("max"), spec.get("count"), step, paths)


def grid_values(asked: Distribution) -> list[int | float]:
    """The grid's values in ascending order, both ends included.

    Raises: InvalidSubmission naming the part that is missing, out of range or without a solution.
    """
    low, high = _end(asked, "low"), _end(asked, "high")
    if low >= high:
        message = "the upper end must be above the lower one"
        raise asked.refusal("high", message, f"above {low}, or a single value as a constant")
    if asked.name in _STEPPED:
        return _stepped(asked, low, high)
    count = _count(asked)
    if asked.name == "uniform":
        return [*grids.linear(low, high, count)]
    if asked.name in ("log_uniform", "inv_log_uniform"):
        sign = -1.0 if asked.name == "inv_log_uniform" else 1.0
        low, high = sorted((_power_of_e(asked, "low", sign * low), _power_of_e(asked, "high", sign * high)))
    if low <= 0:
        raise asked.refusal("low", "a log grid starts above 0", "a positive number")
    return [*grids.geometric(low, high, count)]


def _stray_key(name: str, key: str, value: object, path: str) -> Fault:
    allowed = "distribution, min, max, count" + (", q" if name == "q_uniform" else "")
    if key == "q":
        return Fault(member(path, key), f"{name} has no steps; q belongs to q_uniform", value, allowed)
    hint = did_you_mean(key, ("distribution", "min", "max", "count", "value", "values"))
    return Fault(member(path, key), f"does not belong to the distribution {name}{hint}", value, allowed)


def _no_grid(name: object, path: str) -> Fault:
    allowed = ", ".join(GRID_DISTRIBUTIONS)
    if name in _WITHOUT_ENDS:
        message = f"{name} has no end points to put a grid between; list the values instead"
    elif name in _NOT_IN_GRIDS:
        message = f"{name} is not offered in a grid; list the values instead"
    else:
        message = f"{str(name)[:100]!r} is not a distribution{did_you_mean(str(name), GRID_DISTRIBUTIONS)}"
    return Fault(path, message, name, allowed)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _end(asked: Distribution, part: str) -> float:
    value = getattr(asked, part)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        message = "is missing" if value is None else "is not a number"
        raise asked.refusal(part, message, "a finite number")
    if asked.name == "int_uniform" and not (isinstance(value, int) or value.is_integer()):
        raise asked.refusal(part, "int_uniform runs between whole numbers", "a whole number")
    if abs(value) > MAX_INTEGER and isinstance(value, int):
        raise asked.refusal(part, "is out of range", "whole numbers from -(2^53 - 1) to 2^53 - 1")
    return value


def _count(asked: Distribution) -> int:
    allowed = f"a whole number from 2 to {MAX_VALUES:,}"
    if asked.count is None:
        raise asked.refusal("count", "a grid needs the number of values", allowed)
    if isinstance(asked.count, bool) or not isinstance(asked.count, int):
        raise asked.refusal("count", "is not a whole number", allowed)
    if not 2 <= asked.count <= MAX_VALUES:
        raise asked.refusal("count", "a grid has both its ends, and no endless list of values", allowed)
    return asked.count


def _power_of_e(asked: Distribution, part: str, exponent: float) -> float:
    # W&B's log_uniform takes exponents: min -9.21 means exp(-9.21), which is 0.0001.
    if not -700 <= exponent <= 700:
        message = f"log_uniform takes exponents of e, and exp({exponent}) is no usable number"
        raise asked.refusal(part, message, "-700 to 700, or log_uniform_values with the values themselves")
    return grids.rounded(math.exp(exponent))


def _stepped(asked: Distribution, low: float, high: float) -> list[int | float]:
    step = asked.step
    if isinstance(step, bool) or not isinstance(step, int | float) or not math.isfinite(step) or step <= 0:
        raise asked.refusal("step", "the step is not a positive number", "a positive number")
    steps = grids.steps_between(low, high, step)
    if steps.denominator != 1:
        below = float(high - (steps % 1) * step)
        message = f"{high} is not a whole number of steps of {step} above {low}, so it cannot be a value"
        raise asked.refusal("high", message, f"{below:.12g}, for instance")
    if steps + 1 > MAX_VALUES and asked.count is None:
        message = f"{int(steps) + 1:,} values are too many to take each"
        raise asked.refusal("count", message, f"a whole number from 2 to {MAX_VALUES:,}")
    count = None if asked.count is None else _count(asked)
    if count is not None and count > steps + 1:
        message = f"there are only {int(steps) + 1:,} values in steps of {step} from {low} to {high}"
        raise asked.refusal("count", message, f"a whole number from 2 to {int(steps) + 1:,}")
    values = grids.stepped(low, high, step, count)
    whole = (
        all(isinstance(part, int) for part in (asked.low, asked.high, step)) or asked.name == "int_uniform"
    )
    return [int(value) for value in values] if whole else [*values]
