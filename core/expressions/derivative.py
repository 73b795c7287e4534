"""The derivative of an expression is an expression, built by the rules of calculus for people to read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from core.expressions.elementary import ELEMENTARY
from core.expressions.exact import evaluate_exactly
from core.expressions.grammar import parse
from core.expressions.simplification import (
    ONE,
    ZERO,
    add,
    divide,
    is_zero,
    multiply,
    negate,
    number,
    power,
    subtract,
)
from core.expressions.tree import Binary, Call, Negate, Tree, Variable, postorder, substitute


def derivative(tree: Tree, variable: str) -> Tree:
    """Return the derivative with respect to one variable, the others held fixed.

    It is made from the leaves up, so that no nesting of the tree is too deep for it.
    """
    slopes: dict[Tree, Tree] = {}
    for node in postorder(tree):
        slopes[node] = _slope(node, slopes, variable)
    return slopes[tree]


def _slope(node: Tree, slopes: Mapping[Tree, Tree], variable: str) -> Tree:
    match node:
        case Variable(name):
            return ONE if name == variable else ZERO
        case Negate(operand):
            return negate(slopes[operand])
        case Binary():
            return _binary_slope(node, slopes)
        case Call(function, arguments):
            total: Tree = ZERO
            inner = dict(zip("uv", arguments, strict=False))
            for argument, outer in zip(arguments, _outer_slopes(function), strict=True):
                if not is_zero(slopes[argument]):
                    total = add(total, multiply(substitute(outer, inner), slopes[argument]))
            return total
        case _:
            return ZERO


def _binary_slope(node: Binary, slopes: Mapping[Tree, Tree]) -> Tree:
    left, right = node.left, node.right
    match node.operator:
        case "+":
            return add(slopes[left], slopes[right])
        case "-":
            return subtract(slopes[left], slopes[right])
        case "*":
            return add(multiply(slopes[left], right), multiply(left, slopes[right]))
        case "/":
            return _quotient(left, right, slopes)
        case "**":
            return _power(node, left, right, slopes)


def _quotient(left: Tree, right: Tree, slopes: Mapping[Tree, Tree]) -> Tree:
    """(l / r)' = l' / r - l r' / r**2."""
    by_left = divide(slopes[left], right)
    if is_zero(slopes[right]):
        return by_left
    return subtract(by_left, divide(multiply(left, slopes[right]), power(right, number(2))))


def _power(node: Tree, base: Tree, exponent: Tree, slopes: Mapping[Tree, Tree]) -> Tree:
    """(b ** n)' = n b**(n - 1) b' + b**n log(b) n', without the term of an operand that stays fixed."""
    fixed = evaluate_exactly(exponent, {})
    total: Tree = ZERO
    if not is_zero(slopes[base]):
        scale = exponent if fixed is None else number(fixed)
        lowered = power(base, subtract(scale, ONE))
        total = multiply(multiply(scale, lowered), slopes[base])
    if not is_zero(slopes[exponent]):
        total = add(total, multiply(multiply(node, Call("log", (base,))), slopes[exponent]))
    return total


@cache
def _outer_slopes(function: str) -> tuple[Tree, ...]:
    return tuple(parse(text).tree for text in ELEMENTARY[function].slope_texts)
