"""A number is read as the fraction that its decimals say, and shown with as many digits as mean something."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np

Number = Fraction | float  # fractions where arithmetic is exact, float64 elsewhere

LARGEST = 10**9  # of numbers that are given
EXACT_BITS = 2_048  # a longer numerator or denominator ends exact arithmetic
EXACT_CHARACTERS = 120  # a longer fraction is given by its digits alone
DIGITS = 12  # shown of every number

ALLOWED = 'a finite number from -10^9 to 10^9, or text such as "0.1" or "1/3"; zero without a sign'

_TEXT = re.compile(
    r"(?P<sign>[+-]?)(?:(?P<decimal>\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?P<exponent>[eE][+-]?\d{1,3})?"
    r"|(?P<fraction>\d{1,40}/\d{1,40}))",
    re.ASCII,
)


class TooLong(Exception):
    """A fraction has outgrown EXACT_BITS; the caller goes on in float64."""


def read(value: object) -> Fraction:
    """Return what a number's shortest decimal says: 0.1 is 1/10, in float32 as in float64.

    Raises: ValueError for everything but ALLOWED; the message leaves field and allowed values to the caller.
    """
    if isinstance(value, np.generic):
        value = str(value) if isinstance(value, np.float32) and math.isfinite(value) else value.item()
    if isinstance(value, str):
        number = _read_text(value)
    elif isinstance(value, bool) or not isinstance(value, (int, float, Decimal, Fraction)):
        raise ValueError(f"{shortened(value)} is not a number")  # noqa: TRY004 one kind for callers
    elif isinstance(value, (int, Fraction)):
        number = Fraction(value)
    else:
        number = _read_float(value)
    if abs(number) > LARGEST:
        raise ValueError(f"{shortened(value)} is out of range")
    return number


def check_length(*numbers: Number) -> None:
    """Raise TooLong if a fraction among these numbers has outgrown exact arithmetic."""
    for number in numbers:
        if isinstance(number, Fraction) and (
            number.denominator.bit_length() > EXACT_BITS or number.numerator.bit_length() > EXACT_BITS
        ):
            raise TooLong


def unbounded_sum(numbers: Sequence[Number]) -> Number:
    """Add numbers up, however long the fractions."""
    result = numbers[0]
    for number in numbers[1:]:
        result = result + number
    return result


def nearest_float(number: Number) -> float:
    """Return the float64 nearest to a number; an infinity where it is too large for one."""
    try:
        return float(number) + 0.0  # -0.0 says nothing that people should read
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def written(number: Number) -> dict[str, object]:
    """Return a number for a document: `value` for JSON, `exact` a fraction or null, `shown` for people."""
    value = nearest_float(number)
    exact = str(number) if isinstance(number, Fraction) and _fits(number) else None
    finite = math.isfinite(value)
    return {"value": value if finite else _not_finite(value), "exact": exact, "shown": shown(number)}


def shown(number: Number) -> str:
    """Return a number with 12 significant digits, trailing zeros left out."""
    value = nearest_float(number)
    return format(value, f".{DIGITS}g") if math.isfinite(value) else _not_finite(value)


def factor(number: Number) -> str:
    """Return a number as it stands within a formula, a negative one in parentheses."""
    text = shown(number)
    return f"({text})" if text.startswith("-") else text


def shortened(value: object) -> str:
    """Return a value as a message quotes it."""
    text = repr(value)
    return text if len(text) <= 100 else text[:99] + "…"


def _read_text(text: str) -> Fraction:
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"{shortened(text)} is not a number")
    try:
        number = Fraction(text)
    except ZeroDivisionError:
        raise ValueError(f"{shortened(text)} divides by zero") from None
    if not number and match["sign"] == "-":
        raise ValueError(f"{shortened(text)} is a zero with a sign")
    return number


def _read_float(value: float | Decimal) -> Fraction:
    if not math.isfinite(value):
        raise ValueError(f"{shortened(value)} is not finite")
    if not value and math.copysign(1.0, value) < 0:
        raise ValueError(f"{shortened(value)} is a zero with a sign")
    if isinstance(value, Decimal) and value and abs(value.adjusted()) > 400:
        raise ValueError(f"{shortened(value)} is out of range")  # as a fraction it could fill the memory
    return Fraction(str(value))


def _fits(number: Fraction) -> bool:
    # Counted in bits first: turning a long integer into digits takes the square of its length.
    bits = number.numerator.bit_length() + number.denominator.bit_length()
    return bits < 3.4 * EXACT_CHARACTERS and len(str(number)) <= EXACT_CHARACTERS


def _not_finite(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
