"""A grid holds both its ends exactly, and as many values as were asked for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

SIGNIFICANT_DIGITS = 12


def linear(low: float, high: float, count: int) -> list[float]:
    """`count` >= 2 evenly spaced values from low to high.

    The steps are taken in the decimals that a person wrote, so that 0 to 1 in eleven steps holds 0.3 and not
    0.30000000000000004.
    """
    start, width = Fraction(repr(low)), Fraction(repr(high)) - Fraction(repr(low))
    return _along(start, width / (count - 1), range(count))


def geometric(low: float, high: float, count: int) -> list[float]:
    """`count` >= 2 values from low > 0 to high at equal ratios.

    The inner ones are computed in float64 and rounded to 12 significant digits, so that every platform has
    the same ones and powers of ten come out as such.
    """
    first, last = math.log10(low), math.log10(high)
    inner = [10.0 ** (first + (last - first) * index / (count - 1)) for index in range(1, count - 1)]
    return [float(low), *(rounded(value) for value in inner), float(high)]


def rounded(value: float) -> float:
    """The value to 12 significant digits."""
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def steps_between(low: float, high: float, step: float) -> Fraction:
    """How many steps lead from low to high, as written in decimals; whole where high is met exactly."""
    return (Fraction(repr(high)) - Fraction(repr(low))) / Fraction(repr(step))


def stepped(low: float, high: float, step: float, count: int | None) -> list[float]:
    """low, low + step, ... high; with a count, that many of them, spread as evenly as whole steps allow.

    `steps_between` must be a whole number, and `count` between 2 and one more than it.
    """
    start, size = Fraction(repr(low)), Fraction(repr(step))
    total = int(steps_between(low, high, step))
    if count is None:
        chosen: Iterable[int] = range(total + 1)
    else:  # halves are rounded up; neighbours are at least one whole step apart, so no value stands twice
        chosen = ((2 * index * total + count - 1) // (2 * (count - 1)) for index in range(count))
    return _along(start, size, chosen)


def _along(start: Fraction, step: Fraction, places: Iterable[int]) -> list[float]:
    """Start + step * place for each place, each rounded once.

    Over one denominator: whole numbers divide a hundred times faster than fractions, and round as well.
    """
    denominator = math.lcm(start.denominator, step.denominator)
    first, rise = int(start * denominator), int(step * denominator)
    return [(first + rise * place) / denominator for place in places]
