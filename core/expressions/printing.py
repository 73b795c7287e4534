"""A tree is written with the fewest parentheses that read back as the same tree."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from core.expressions.tree import Binary, Call, Constant, Negate, Number, Tree, Variable, postorder, size

MAX_SHOWN_NODES = 400  # a longer formula tells nobody anything
MAX_SHOWN_BITS = 1_200  # nor does a longer number; every number that can be typed has fewer

SUM, PRODUCT, SIGNED, POWER, ATOM = range(5)
_BINDING = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "**": POWER}
_SPACED = {"+": " + ", "-": " - ", "*": "*", "/": "/", "**": "**"}


class _Written(NamedTuple):
    text: str
    binding: int

    def within(self, least: int) -> str:
        return self.text if self.binding >= least else f"({self.text})"


def to_text(tree: Tree) -> str:
    """Return the expression as text."""
    return _written(tree).text


def to_short_text(tree: Tree) -> str | None:
    """Return the expression as text, or None where it, or a number in it, is too long to be read."""
    return None if size(tree) > MAX_SHOWN_NODES or _has_a_long_number(tree) else to_text(tree)


def to_factor_text(tree: Tree) -> str:
    """Return the expression as text that may stand in a product."""
    return _written(tree).within(PRODUCT)


def _has_a_long_number(tree: Tree) -> bool:
    values = (node.value for node in postorder(tree) if isinstance(node, Number))
    return any(
        max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_SHOWN_BITS for value in values
    )


def _written(tree: Tree) -> _Written:
    written: dict[Tree, _Written] = {}
    for node in postorder(tree):
        match node:
            case Number(value):
                written[node] = _number(value)
            case Constant(name) | Variable(name):
                written[node] = _Written(name, ATOM)
            case Negate(operand):
                written[node] = _Written(f"-{written[operand].within(SIGNED)}", SIGNED)
            case Binary(operator, left, right):
                binding = _BINDING[operator]
                if operator == "**":
                    text = f"{written[left].within(ATOM)}**{written[right].within(SIGNED)}"
                else:
                    sign = _SPACED[operator]
                    text = f"{written[left].within(binding)}{sign}{written[right].within(binding + 1)}"
                written[node] = _Written(text, binding)
            case Call(function, arguments):
                inside = ", ".join(written[argument].text for argument in arguments)
                written[node] = _Written(f"{function}({inside})", ATOM)
    return written[tree]


def _number(value: Fraction) -> _Written:
    """Write a number in decimal where it ends, else as a quotient of whole numbers."""
    sign, binding = ("-", SIGNED) if value < 0 else ("", ATOM)
    decimal = _decimal(abs(value))
    if decimal is not None:
        return _Written(sign + decimal, binding)
    return _Written(f"{sign}{abs(value.numerator)}/{value.denominator}", PRODUCT)


def _decimal(value: Fraction) -> str | None:
    """Return the digits of a number that is not negative, or None where they never end."""
    places = 0
    rest = value.denominator
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest //= prime
            power += 1
        places = max(places, power)
    if rest != 1:
        return None
    digits = str(value.numerator * 10**places // value.denominator)
    stripped = digits.rstrip("0") or "0"
    exponent = len(digits) - len(stripped) - places if value else 0
    if -7 < exponent + len(stripped) <= 16 and exponent > -16:
        if exponent >= 0:
            return stripped + "0" * exponent
        padded = stripped.zfill(1 - exponent)
        return f"{padded[:exponent]}.{padded[exponent:]}"
    mantissa = f"{stripped[0]}.{stripped[1:]}" if len(stripped) > 1 else stripped
    return f"{mantissa}e{exponent + len(stripped) - 1}"
