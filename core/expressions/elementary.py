"""The elementary functions, elementwise over runs, computed so that no run's bits depend on its neighbours.

NumPy computes sin, exp, power and the like with whatever instructions a machine has, and where the length or
stride of an array does not suit them it may turn to the C library, which rounds differently: of 4,000
numbers, 201 powers, 998 tanh and 2,037 cbrt differed in the last bit. On the machine that was measured
nothing depended on the length; no document promises it for another. These functions therefore go through
`math`, one number at a time, at about 0.1 microseconds each. The four operations, the square root and
comparisons are exact to the last bit by IEEE 754, whatever computes them, and stay NumPy's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

import numpy as np

from core.arrays import Float64Array

CONSTANTS: Mapping[str, float] = MappingProxyType({"pi": math.pi, "e": math.e})


@dataclass(frozen=True, slots=True)
class Elementary:
    """One function of the grammar.

    Shapes:
        value   arguments, each (runs,) -> (runs,)
        slopes  arguments and the value, each (runs,) -> the partial derivatives, each (runs,) or one number

    `slope_texts` are the same derivatives in the grammar, of the arguments u and v. `rational` is the
    function over exact fractions, where it leads from fractions to fractions.
    """

    value: Callable[..., Float64Array]
    slopes: Callable[..., tuple[Float64Array | float, ...]]
    slope_texts: tuple[str, ...]
    rational: Callable[..., Fraction] | None = None

    @property
    def arguments(self) -> int:
        """How many arguments it takes."""
        return len(self.slope_texts)

    def usage(self, name: str) -> str:
        """How it is written."""
        return f"{name}({', '.join('xy'[: self.arguments])})"


def power(base: Float64Array, exponent: Float64Array) -> Float64Array:
    """Return base to the power of exponent, elementwise, with IEEE 754's infinities and NaN."""
    pairs = np.broadcast_arrays(base, exponent)
    return np.fromiter(map(_power, *(array.tolist() for array in pairs)), np.float64, pairs[0].size)


def logarithm(x: Float64Array) -> Float64Array:
    """Return the natural logarithm: -Infinity at 0, NaN below."""
    return _each(_log, x)


def _each(function: Callable[[float], float], x: Float64Array) -> Float64Array:
    return np.fromiter(map(function, x.tolist()), np.float64, x.size)


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0.0 and exponent % 2.0 == 1.0 else math.inf
    except ValueError:  # 0 to a negative power, or a negative base with a fraction above it
        if base != 0.0:
            return math.nan
        return math.copysign(math.inf, base) if exponent % 2.0 == 1.0 else math.inf


def _log(x: float) -> float:
    if x > 0.0:
        return math.log(x)
    return -math.inf if x == 0.0 else math.nan


def _exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def _sigmoid(x: float) -> float:
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    rise = math.exp(x)
    return rise / (1.0 + rise)


def _periodic(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda x: math.nan if math.isinf(x) else function(x)


_sin, _cos, _tan = _periodic(math.sin), _periodic(math.cos), _periodic(math.tan)


def _sign(x: Float64Array) -> Float64Array:
    return np.where(np.isnan(x), x, np.where(x > 0.0, 1.0, np.where(x < 0.0, -1.0, 0.0)))


def _step(x: Float64Array) -> Float64Array:
    return np.where(np.isnan(x), x, np.where(x > 0.0, 1.0, 0.0))


def _relu(x: Float64Array) -> Float64Array:
    # Not np.maximum: which of -0.0 and 0.0 it keeps is nowhere promised.
    return np.where(x <= 0.0, 0.0, x)


def _smaller(x: Float64Array, y: Float64Array) -> Float64Array:
    return np.where(x <= y, x, np.where(y < x, y, x + y))  # the sum of a NaN and anything is NaN


def _larger(x: Float64Array, y: Float64Array) -> Float64Array:
    return np.where(x >= y, x, np.where(y > x, y, x + y))


def _share(first: Float64Array, second: Float64Array) -> tuple[Float64Array, Float64Array]:
    """Return 1 and 0 where `first` is the smaller, half each at a tie, as in PyTorch."""
    share = 0.5 * (1.0 - _sign(first - second))
    return share, 1.0 - share


ELEMENTARY: Mapping[str, Elementary] = MappingProxyType(
    {
        "sin": Elementary(lambda u: _each(_sin, u), lambda u, _: (_each(_cos, u),), ("cos(u)",)),
        "cos": Elementary(lambda u: _each(_cos, u), lambda u, _: (-_each(_sin, u),), ("-sin(u)",)),
        "tan": Elementary(
            lambda u: _each(_tan, u), lambda _, value: (1.0 + value * value,), ("1 + tan(u)**2",)
        ),
        "exp": Elementary(lambda u: _each(_exp, u), lambda _, value: (value,), ("exp(u)",)),
        "log": Elementary(logarithm, lambda u, _: (1.0 / u,), ("1/u",)),
        "sqrt": Elementary(np.sqrt, lambda _, value: (1.0 / (2.0 * value),), ("1/(2*sqrt(u))",)),
        "cbrt": Elementary(
            lambda u: _each(math.cbrt, u),
            lambda _, value: (1.0 / (3.0 * (value * value)),),
            ("1/(3*cbrt(u)**2)",),
        ),
        "abs": Elementary(np.abs, lambda u, _: (_sign(u),), ("sign(u)",), abs),
        "tanh": Elementary(
            lambda u: _each(math.tanh, u), lambda _, value: (1.0 - value * value,), ("1 - tanh(u)**2",)
        ),
        "sigmoid": Elementary(
            lambda u: _each(_sigmoid, u),
            lambda _, value: (value * (1.0 - value),),
            ("sigmoid(u)*(1 - sigmoid(u))",),
        ),
        "relu": Elementary(_relu, lambda u, _: (_step(u),), ("step(u)",), lambda u: max(u, Fraction(0))),
        "min": Elementary(
            _smaller, lambda u, v, _: _share(u, v), ("(1 - sign(u - v))/2", "(1 - sign(v - u))/2"), min
        ),
        "max": Elementary(
            _larger, lambda u, v, _: _share(v, u), ("(1 - sign(v - u))/2", "(1 - sign(u - v))/2"), max
        ),
        # The derivatives of abs and relu are in the grammar, so that every derivative is; at 0 both are 0.
        "sign": Elementary(_sign, lambda _u, _: (0.0,), ("0",), lambda u: Fraction((u > 0) - (u < 0))),
        "step": Elementary(_step, lambda _u, _: (0.0,), ("0",), lambda u: Fraction(u > 0)),
    }
)
