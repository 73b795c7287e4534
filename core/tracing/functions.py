"""Activation functions of one number, their constants whole numbers or fractions: exact stays exact."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from core.activations import GELU_CUBIC, GELU_SCALE
from core.tracing.numbers import Number

LEAKY_SLOPE = Fraction(1, 100)


@dataclass(frozen=True)
class Function:
    """s and its derivative, with the formulas that people read; `{x}` and `{y}` stand for their names."""

    name: str
    rational: bool
    value: Callable[[Number], Number]
    slope: Callable[[Number, Number], Number]  # of x and y = s(x)
    formula: str
    slope_formula: str


def _size(x: Number) -> Number:
    return -x if x < 0 else x


def _relu(x: Number) -> Number:
    return type(x)(0) if x <= 0 else x  # what is not a number stays so


def _leaky_relu(x: Number) -> Number:
    return x * LEAKY_SLOPE if x <= 0 else x


def _sigmoid(x: Number) -> Number:
    # Neither branch takes a power above 1.
    power = math.exp(-_size(x))
    return 1.0 / (1.0 + power) if x >= 0 else power / (1.0 + power)


def _gelu_power(x: Number) -> float:
    return math.tanh(GELU_SCALE * float(x) * (1.0 + GELU_CUBIC * float(x) * float(x)))


def _gelu(x: Number) -> Number:
    return 0.5 * float(x) * (1.0 + _gelu_power(x))


def _gelu_slope(x: Number, _y: Number) -> Number:
    t, x = _gelu_power(x), float(x)
    return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * GELU_SCALE * (1.0 + 3.0 * GELU_CUBIC * x * x)


def _one(x: Number) -> Number:
    return type(x)(1)


def _leaky_slope(x: Number, _y: Number) -> Number:
    if x > 0:
        return _one(x)
    return LEAKY_SLOPE if isinstance(x, Fraction) else float(LEAKY_SLOPE)


_ALL = (
    Function("identity", True, lambda x: x, lambda x, _: _one(x), "{x}", "1"),
    Function(
        "relu",
        True,
        _relu,
        lambda x, _: _one(x) if x > 0 else type(x)(0),
        "max(0, {x})",
        "1 where {x} > 0, else 0",
    ),
    Function(
        "leaky_relu",
        True,
        _leaky_relu,
        _leaky_slope,
        "max({x}, 0.01 * {x})",
        "1 where {x} > 0, else 0.01",
    ),
    Function(
        "softsign",
        True,
        lambda x: x / (1 + _size(x)),
        lambda x, _: 1 / ((1 + _size(x)) * (1 + _size(x))),
        "{x} / (1 + |{x}|)",
        "1 / (1 + |{x}|)^2",
    ),
    Function("tanh", False, math.tanh, lambda _, y: 1.0 - y * y, "tanh({x})", "1 - {y}^2"),
    Function("sigmoid", False, _sigmoid, lambda _, y: y * (1 - y), "1 / (1 + e^-{x})", "{y} * (1 - {y})"),
    Function(
        "elu",
        False,
        lambda x: x if x > 0 else math.expm1(x),
        lambda x, y: 1.0 if x > 0 else y + 1.0,
        "{x} where {x} > 0, else e^{x} - 1",
        "1 where {x} > 0, else {y} + 1",
    ),
    Function(
        "gelu_tanh",
        False,
        _gelu,
        _gelu_slope,
        "{x} * (1 + t) / 2, t = tanh(sqrt(2 / pi) * ({x} + 0.044715 * {x}^3))",
        "(1 + t) / 2 + {x} * (1 - t^2) * sqrt(2 / pi) * (1 + 0.134145 * {x}^2) / 2",
    ),
)

FUNCTIONS: Mapping[str, Function] = MappingProxyType({function.name: function for function in _ALL})
