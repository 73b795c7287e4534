"""A distribution turns an even number between 0 and 1 into a value: its quantile function.

Values are rounded to 12 significant digits, as those of log grids are: every platform draws the same ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from service.planning import grids

LEAST, MOST = 2.0**-54, 1.0 - 2.0**-53  # the numbers between 0 and 1 that a quantile is asked for
LARGEST_EXPONENT = 700.0  # of e: exp(709.8) is the largest float64

Numbers = Mapping[str, float]  # min, max, q, mu, sigma, a, b


@dataclass(frozen=True, slots=True)
class Sampler:
    """One of QUANTILES with its numbers, all of them checked.

    With `q` values are multiples of it; in `q_uniform` they are min, min + q, ... max.
    """

    name: str
    numbers: Numbers

    def value(self, even: float) -> int | float:
        """The value below which lies the share `even` of the distribution; an int where all are whole."""
        at = QUANTILES[self.name](min(max(even, LEAST), MOST), self.numbers)
        return int(at) if self.whole else grids.rounded(at)

    @property
    def whole(self) -> bool:
        """Whether every value is a whole number."""
        if self.name == "int_log_uniform_values":
            return True
        offset = self.numbers["min"] if self.name == "q_uniform" else 0.0
        return "q" in self.numbers and self.numbers["q"].is_integer() and offset.is_integer()

    @property
    def ends(self) -> tuple[float, float] | None:
        """The smallest and the largest value, where there are such."""
        return (self.value(0.0), self.value(1.0)) if "min" in self.numbers else None


def _uniform(u: float, n: Numbers) -> float:
    return _within(n["min"] + u * (n["max"] - n["min"]), n["min"], n["max"])


def _q_uniform(u: float, n: Numbers) -> float:
    steps = int(grids.steps_between(n["min"], n["max"], n["q"]))
    chosen = min(int(u * (steps + 1)), steps)
    return float(Fraction(repr(n["min"])) + chosen * Fraction(repr(n["q"])))


def _log_uniform_values(u: float, n: Numbers) -> float:
    low, high = math.log(n["min"]), math.log(n["max"])
    return _within(math.exp(low + u * (high - low)), n["min"], n["max"])


def _q_log_uniform_values(u: float, n: Numbers) -> float:
    """round(X / q) * q, and within the bounds, between which lies at least one multiple."""
    low, high = math.ceil(n["min"] / n["q"]), math.floor(n["max"] / n["q"])
    return _multiple(min(max(round(_log_uniform_values(u, n) / n["q"]), low), high), n["q"])


def _int_log_uniform_values(u: float, n: Numbers) -> float:
    """Optuna's: even in the logarithm from min - 1/2 to max + 1/2, rounded."""
    wide = {"min": n["min"] - 0.5, "max": n["max"] + 0.5}
    return _within(math.floor(_log_uniform_values(u, wide) + 0.5), n["min"], n["max"])


def _normal(u: float, n: Numbers) -> float:
    from scipy.special import ndtri

    return n["mu"] + n["sigma"] * float(ndtri(u))


def _log_normal(u: float, n: Numbers) -> float:
    return math.exp(min(_normal(u, n), LARGEST_EXPONENT))


def _beta(u: float, n: Numbers) -> float:
    from scipy.special import betaincinv

    return float(betaincinv(n["a"], n["b"], u))


def _rounded_to_q(quantile: Callable[[float, Numbers], float]) -> Callable[[float, Numbers], float]:
    def nearest(u: float, n: Numbers) -> float:
        value = quantile(u, n)
        times = value / n["q"]
        # Where there are more multiples than floats, each float is as good as one.
        return _multiple(round(times), n["q"]) if math.isfinite(times) else value

    return nearest


def _multiple(times: int, q: float) -> float:
    """So many times q, in the decimals that a person wrote: 3 times 0.1 is 0.3."""
    return float(times * Fraction(repr(q)))


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


QUANTILES: Mapping[str, Callable[[float, Numbers], float]] = {
    "uniform": _uniform,
    "q_uniform": _q_uniform,
    "log_uniform_values": _log_uniform_values,
    "q_log_uniform_values": _q_log_uniform_values,
    "int_log_uniform_values": _int_log_uniform_values,
    "normal": _normal,
    "q_normal": _rounded_to_q(_normal),
    "log_normal": _log_normal,
    "q_log_normal": _rounded_to_q(_log_normal),
    "beta": _beta,
    "q_beta": _rounded_to_q(_beta),
}
