"""An equation y = f(x) in which x stands once is solved by undoing one operation after the other."""

from __future__ import annotations

from core.expressions.exact import evaluate_exactly
from core.expressions.simplification import ONE, add, divide, multiply, negate, number, power, subtract
from core.expressions.tree import Binary, Call, Negate, Tree, Variable, children, postorder

_UNDONE = {"exp": "log", "log": "exp"}
_ROOTS = {"sqrt": 2, "cbrt": 3}


def solve(tree: Tree, variable: str, result: str) -> Tree | None:
    """Return x in terms of `result`, or None where there is no single real solution in this grammar."""
    occurrences = [node for node in postorder(tree) if isinstance(node, Variable) and node.name == variable]
    if len(occurrences) != 1:
        return None
    within: set[Tree] = set(occurrences)
    for node in postorder(tree):
        if within.intersection(children(node)):
            within.add(node)
    solution: Tree | None = Variable(result)
    while tree is not occurrences[0] and solution is not None:
        inner = next(child for child in children(tree) if child in within)
        solution = _undone(tree, inner, solution)
        tree = inner
    return solution


def _undone(node: Tree, inner: Tree, value: Tree) -> Tree | None:
    """Return what `inner` is where `node` has the value."""
    match node:
        case Negate():
            return negate(value)
        case Call(function, _) if function in _UNDONE:
            return Call(_UNDONE[function], (value,))
        case Call(function, _) if function in _ROOTS:
            return power(value, number(_ROOTS[function]))
        case Binary("+", left, right):
            return subtract(value, right if inner is left else left)
        case Binary("-", left, right):
            return add(value, right) if inner is left else subtract(left, value)
        case Binary("*", left, right):
            return divide(value, right if inner is left else left)
        case Binary("/", left, right):
            return multiply(value, right) if inner is left else divide(left, value)
        case Binary("**", left, right) if inner is left:
            exponent = evaluate_exactly(right, {})
            if exponent == 3:
                return Call("cbrt", (value,))
            return divide(ONE, value) if exponent == -1 else None
        case _:
            return None
