"""A tape computes an expression for many runs at once, and in reverse all its derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from core.arrays import Float64Array
from core.expressions.elementary import CONSTANTS, ELEMENTARY, logarithm, power
from core.expressions.exact import evaluate_exactly
from core.expressions.tree import Binary, Call, Constant, Negate, Number, Tree, Variable, children, postorder

Key = TypeVar("Key")

# Up to here a whole exponent multiplies, in an order fixed by the exponent; above it, rounding errors add up
# and math.pow is as fast.
MAX_MULTIPLIED = 64


class Tape:
    """An expression's nodes in the order in which they are computed.

    Columns are given by name, each (runs,) float64; a run's results depend on its own entries alone. Outside
    a function's domain the results are NaN or infinite as in IEEE 754, without a warning.
    """

    def __init__(self, tree: Tree) -> None:
        """Put the nodes in order, and find those that depend on a variable."""
        self._nodes = postorder(tree)
        self._exponents = {
            node: exponent
            for node in self._nodes
            if isinstance(node, Binary) and (exponent := _whole_exponent(node)) is not None
        }
        self._varying: set[Tree] = set()
        for node in self._nodes:
            if isinstance(node, Variable) or self._varying.intersection(children(node)):
                self._varying.add(node)

    def value(self, columns: Mapping[str, Float64Array]) -> Float64Array:
        """Return the expression's value for every run (runs,)."""
        with np.errstate(all="ignore"):
            return _filled(self._forward(columns)[self._nodes[-1]], columns)

    def differentiate(
        self, columns: Mapping[str, Float64Array]
    ) -> tuple[Float64Array, dict[str, Float64Array]]:
        """Return the value (runs,), and the derivative (runs,) with respect to every name of `columns`.

        Reverse mode: with v' for the derivative of the whole expression by a node v, every node hands v'
        times its own slope to each operand, and an operand adds up what it is handed.
        """
        with np.errstate(all="ignore"):
            values = self._forward(columns)
            root = self._nodes[-1]
            adjoints: dict[Tree, Float64Array] = {root: np.ones(1)}
            derivatives: dict[str, Float64Array] = {}
            for node in reversed(self._nodes):
                if node not in self._varying:
                    continue
                handed = adjoints.pop(node)
                if isinstance(node, Variable):
                    _add(derivatives, node.name, handed)
                    continue
                for operand, slope in zip(children(node), self._slopes(node, values), strict=True):
                    if operand in self._varying:
                        _add(adjoints, operand, handed * slope)
            filled = {name: _filled(derivatives.get(name, np.zeros(1)), columns) for name in columns}
            return _filled(values[root], columns), filled

    def _forward(self, columns: Mapping[str, Float64Array]) -> dict[Tree, Float64Array]:
        """Return every node's values, (runs,) or, where no variable matters, (1,)."""
        values: dict[Tree, Float64Array] = {}
        for node in self._nodes:
            match node:
                case Number(number):
                    values[node] = np.array([float(number)])
                case Constant(name):
                    values[node] = np.array([CONSTANTS[name]])
                case Variable(name):
                    values[node] = columns[name]
                case Negate(operand):
                    values[node] = -values[operand]
                case Call(function, arguments):
                    operands = [values[argument] for argument in arguments]
                    values[node] = ELEMENTARY[function].value(*operands)
                case Binary():
                    values[node] = self._binary(node, values)
        return values

    def _binary(self, node: Binary, values: Mapping[Tree, Float64Array]) -> Float64Array:
        left, right = values[node.left], values[node.right]
        match node.operator:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "/":
                return left / right
            case "**":
                whole = self._exponents.get(node)
                return power(left, right) if whole is None else whole_power(left, whole)

    def _slopes(self, node: Tree, values: Mapping[Tree, Float64Array]) -> tuple[Float64Array | float, ...]:
        """Return the node's derivative with respect to each of its operands."""
        match node:
            case Binary("+", _, _):
                return 1.0, 1.0
            case Binary("-", _, _):
                return 1.0, -1.0
            case Binary("*", left, right):
                return values[right], values[left]
            case Binary("/", _, right):
                return 1.0 / values[right], -values[node] / values[right]
            case Binary("**", _, _):
                return self._power_slopes(node, values)
            case Call(function, arguments):
                operands = [values[argument] for argument in arguments]
                return ELEMENTARY[function].slopes(*operands, values[node])
            case _:  # a minus sign
                return (-1.0,)

    def _power_slopes(
        self, node: Binary, values: Mapping[Tree, Float64Array]
    ) -> tuple[Float64Array | float, Float64Array | float]:
        base, exponent = values[node.left], values[node.right]
        whole = self._exponents.get(node)
        if whole is not None:
            return (whole * whole_power(base, whole - 1) if whole else 0.0), 0.0
        by_base = exponent * power(base, exponent - 1.0) if node.left in self._varying else 0.0
        if node.right not in self._varying:
            return by_base, 0.0
        # 0 to a positive power is 0 on both sides of that power, where the formula says 0 times -Infinity.
        flat = (base == 0.0) & (exponent > 0.0)
        return by_base, np.where(flat, 0.0, values[node] * logarithm(base))


def whole_power(base: Float64Array, exponent: int) -> Float64Array:
    """Return a power by squaring and multiplying, the exponent's lowest binary digit first."""
    if exponent < 0:
        return 1.0 / whole_power(base, -exponent)
    if exponent == 0:
        return np.ones_like(base)
    result: Float64Array | None = None
    square = base
    while True:
        if exponent & 1:
            result = square if result is None else result * square
        exponent >>= 1
        if not exponent:
            break
        square = square * square
    assert result is not None  # noqa: S101 - the highest binary digit is 1
    return result


def _whole_exponent(node: Binary) -> int | None:
    if node.operator != "**":
        return None
    exponent = evaluate_exactly(node.right, {})
    if exponent is None or exponent.denominator != 1 or abs(exponent) > MAX_MULTIPLIED:
        return None
    return int(exponent)


def _filled(values: Float64Array, columns: Mapping[str, Float64Array]) -> Float64Array:
    """Return an array of its own with one value per run, which a constant has not."""
    runs = next((column.size for column in columns.values()), 1)
    return np.broadcast_to(values, (runs,)).copy()


def _add(sums: dict[Key, Float64Array], key: Key, addend: Float64Array) -> None:
    sums[key] = sums[key] + addend if key in sums else addend
