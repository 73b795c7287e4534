"""Numbers as people read them: few digits, yet never so few that two different values look the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import floor, log10

FEWEST_DIGITS = 2  # 0.316227766017 reads 0.32
EXACT_DIGITS = 3  # a value that someone typed with so few digits is shown as typed: 0.125, not 0.12
MOST_DIGITS = 17  # enough to tell any two float64 apart
PLAIN_FROM, PLAIN_BELOW = 1e-4, 1e6  # outside, the power of ten is written: 1e-5, 1e6


def significant(value: float, digits: int = EXACT_DIGITS) -> str:
    """`value` to so many significant digits without trailing zeros; whole digits are never cut below 1e6."""
    if value == 0:
        return "0"
    if not PLAIN_FROM <= abs(value) < PLAIN_BELOW:
        mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
        return f"{_without_zeros(mantissa)}e{int(power)}"
    decimals = max(0, digits - 1 - floor(log10(abs(value))))
    return _without_zeros(f"{value:z.{decimals}f}")


def percent(share: float) -> str:
    """A share of 1 in percent with one decimal and without the sign: 0.968 reads 96.8, 0.1 reads 10."""
    return _without_zeros(f"{100 * share:z.1f}")


def labels(values: Iterable[float]) -> Mapping[float, str]:
    """A short text per value of a grid: two digits, or as many more as keep different values different."""
    distinct = sorted(set(values))
    for digits in range(FEWEST_DIGITS, MOST_DIGITS):
        texts = _told_apart(distinct, digits)
        if texts is not None:
            return texts
    return {value: repr(value) for value in distinct}


def _told_apart(distinct: Iterable[float], digits: int) -> Mapping[float, str] | None:
    """A text per value; None if two would have the same."""
    texts: dict[str, float] = {}
    for value in distinct:
        if texts.setdefault(_label(value, digits), value) != value:
            return None
    return {value: text for text, value in texts.items()}


def _label(value: float, digits: int) -> str:
    if float(f"{value:.{EXACT_DIGITS}g}") != value:
        return significant(value, digits)
    own = len(Decimal(repr(value)).normalize().as_tuple().digits)
    return significant(value, max(digits, own))


def _without_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
