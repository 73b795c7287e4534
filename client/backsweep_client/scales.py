"""Numbers become places on an axis, linear or logarithmic, with ticks at round values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LOGARITHMIC_FROM = 20.0  # largest over smallest value, from which on a linear axis would hide the small ones
MARGIN = 0.04  # of the axis, on both ends
MOST_TICKS = 7


@dataclass(frozen=True, slots=True)
class Scale:
    """`low` and `high` are the values at the places `start` and `end`."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool

    def place(self, value: float) -> float:
        """Where a value is drawn."""
        low, high, here = (self._straight(each) for each in (self.low, self.high, value))
        return self.start + (here - low) / (high - low) * (self.end - self.start)

    def ticks(self) -> Sequence[float]:
        """Up to about seven round values within the axis."""
        if self.logarithmic:
            found = self._powers()
            if len(found) > 1:
                return found
        step = _round_step((self.high - self.low) / MOST_TICKS)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [round(place * step, 12) for place in range(first, last + 1)]

    def _powers(self) -> Sequence[float]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        stride = max(1, math.ceil((last - first) / MOST_TICKS))
        factors = (1, 3) if last - first <= 3 else (1,)
        values = [factor * 10.0**power for power in range(first, last + 1, stride) for factor in factors]
        return [value for value in values if self.low <= value <= self.high]

    def _straight(self, value: float) -> float:
        return math.log(value) if self.logarithmic else value


def scale_of(values: Sequence[float], start: float, end: float) -> Scale:
    """An axis that holds these finite values, with a margin."""
    low, high = min(values), max(values)
    if low > 0 and high / low >= LOGARITHMIC_FROM:
        margin = (high / low) ** MARGIN
        return Scale(low / margin, high * margin, start, end, logarithmic=True)
    span = high - low or abs(high) or 1.0
    return Scale(low - MARGIN * span, high + MARGIN * span, start, end, logarithmic=False)


def tick_label(value: float) -> str:
    """A round number in few characters."""
    return f"{value:g}" if value == 0 or 1e-4 <= abs(value) < 1e6 else f"{value:.0e}".replace("e-0", "e-")


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
