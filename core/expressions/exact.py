"""Where an expression leads from fractions to fractions, its value is known exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from core.expressions.elementary import ELEMENTARY
from core.expressions.tree import Binary, Call, Negate, Number, Tree, Variable, postorder

# Bits of a numerator or denominator: more are no use to a reader, and such a fraction is finite in float64.
MAX_BITS = 1_000


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number to be shown: its float64, and its exact fraction where there is one."""

    value: float
    exact: Fraction | None = None

    @classmethod
    def of(cls, exact: Fraction | None, otherwise: float) -> Quantity:
        """Return an exact number, or a float where there is no exact one."""
        return cls(otherwise) if exact is None else cls(float(exact), exact)

    def plus(self, other: Quantity) -> Quantity:
        """Return the sum, exact where both are."""
        both = self.exact is not None and other.exact is not None
        return Quantity.of(
            _bounded(self.exact + other.exact) if both else None,  # type: ignore[operator]
            self.value + other.value,
        )

    def times(self, other: Quantity) -> Quantity:
        """Return the product, exact where both are."""
        both = self.exact is not None and other.exact is not None
        return Quantity.of(
            _bounded(self.exact * other.exact) if both else None,  # type: ignore[operator]
            self.value * other.value,
        )

    def reciprocal(self) -> Quantity:
        """Return 1 over the number; 1 over either zero is Infinity, as a slope without a sign."""
        if self.exact:
            return Quantity.of(1 / self.exact, math.nan)
        return Quantity(1.0 / self.value if self.value else math.inf)

    def to_json(self) -> dict[str, float | str | None]:
        """Return `value`, a number or "NaN", "Infinity", "-Infinity", and `exact`, "-7", "1/3" or null."""
        return {"value": _json_float(self.value), "exact": None if self.exact is None else str(self.exact)}


def exact_decimal(value: float) -> Fraction:
    """Return the shortest decimal that reads as this finite float, exactly: 0.1 is one tenth."""
    return Fraction(repr(value))


def evaluate_exactly(tree: Tree, values: Mapping[str, Fraction]) -> Fraction | None:
    """Return the exact value, or None where a part of it is not rational, not defined, or too long."""
    known: dict[Tree, Fraction | None] = {}
    for node in postorder(tree):
        known[node] = _bounded(_exact(node, known, values))
    return known[tree]


def _exact(
    node: Tree, known: Mapping[Tree, Fraction | None], values: Mapping[str, Fraction]
) -> Fraction | None:
    match node:
        case Number(number):
            return number
        case Variable(name):
            return values.get(name)
        case Negate(operand):
            inner = known[operand]
            return None if inner is None else -inner
        case Binary(operator, left, right):
            first, second = known[left], known[right]
            if first is None or second is None:
                return None
            return _combined(operator, first, second)
        case Call(function, arguments):
            rational = ELEMENTARY[function].rational
            exact = [value for argument in arguments if (value := known[argument]) is not None]
            return rational(*exact) if rational is not None and len(exact) == len(arguments) else None
        case _:  # pi and e
            return None


def _combined(operator: str, left: Fraction, right: Fraction) -> Fraction | None:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right if right else None
        case _:
            return _power(left, right)


def _power(base: Fraction, exponent: Fraction) -> Fraction | None:
    if exponent.denominator != 1 or (base == 0 and exponent < 0):
        return None
    if base in {0, 1, -1}:
        return base ** int(exponent % 2 or 2) if exponent else Fraction(1)
    if abs(exponent) * _bits(base) > 2 * MAX_BITS:  # before it is written out
        return None
    return Fraction(base ** int(exponent))


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _bounded(value: Fraction | None) -> Fraction | None:
    return None if value is None or _bits(value) > MAX_BITS else value


def _json_float(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0.0 else "-Infinity"
    return value
