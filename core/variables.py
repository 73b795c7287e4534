"""In a graph of variables a derivative is the sum over all paths of the product along each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np

from core.expressions.definitions import Definition, DefinitionError, Value, read_definitions
from core.expressions.derivative import derivative
from core.expressions.exact import Quantity, evaluate_exactly
from core.expressions.inversion import solve
from core.expressions.printing import to_factor_text, to_short_text
from core.expressions.simplification import ONE, ZERO, add, divide, multiply
from core.expressions.tape import Tape
from core.expressions.tree import Tree, substitute

LISTED_PATHS = 64  # more than these are only counted
MAX_LISTED_PATHS = 256


@dataclass(frozen=True, eq=False)
class Edge:
    """The derivative of a variable with respect to one that it is made of directly, the others held fixed."""

    of: str
    to: str
    tree: Tree
    derivative: Quantity

    @cached_property
    def text(self) -> str | None:
        """The derivative as a formula, None where it is too long."""
        return to_short_text(self.tree)

    def to_json(self) -> dict[str, Any]:
        """Return the derivative as a formula and as a number."""
        return {"of": self.of, "to": self.to, "text": self.text, "derivative": self.derivative.to_json()}


@dataclass(frozen=True, eq=False)
class Graph:
    """Variables with their values, in an order in which they can be computed, and every edge's derivative."""

    definitions: tuple[Definition, ...]
    values: Mapping[str, Quantity]
    edges: tuple[Edge, ...]

    def to_json(self) -> dict[str, Any]:
        """Return variables and edges."""
        variables = [
            {
                "name": definition.name,
                "expression": definition.expression.text,
                "made_of": list(definition.parents),
                "value": self.values[definition.name].to_json(),
            }
            for definition in self.definitions
        ]
        return {"variables": variables, "edges": [edge.to_json() for edge in self.edges]}


@dataclass(frozen=True, eq=False)
class Path:
    """One way from a variable to another, edge by edge, and the product of their derivatives."""

    edges: tuple[Edge, ...]
    product: Quantity

    @property
    def tree(self) -> Tree:
        """The product as one formula."""
        tree: Tree = ONE
        for edge in self.edges:
            tree = multiply(tree, edge.tree)
        return tree

    def to_json(self) -> dict[str, Any]:
        """Return the variables on the way, the factors between them, and their product."""
        factors = [edge.to_json() for edge in self.edges]
        short = all(edge.text is not None for edge in self.edges)
        variables = [self.edges[0].to, *(edge.of for edge in self.edges)] if self.edges else []
        return {
            "variables": variables,
            "factors": factors,
            "text": " * ".join(to_factor_text(edge.tree) for edge in self.edges) or "1" if short else None,
            "product": self.product.to_json(),
        }


@dataclass(frozen=True, eq=False)
class Inverse:
    """The derivative the other way round, along the one path that there is.

    `tree` is one over the derivative; `solved` is the same in terms of `to`, by which it is now taken, or
    None where the chain has no single real inverse in the grammar.
    """

    of: str
    to: str
    tree: Tree
    solved: Tree | None
    derivative: Quantity

    def to_json(self) -> dict[str, Any]:
        """Return both formulas, and the number: Infinity where the derivative is 0."""
        return {
            "of": self.of,
            "to": self.to,
            "text": to_short_text(self.tree),
            "solved_text": None if self.solved is None else to_short_text(self.solved),
            "derivative": self.derivative.to_json(),
        }


@dataclass(frozen=True, eq=False)
class Derivation:
    """The derivative of one variable with respect to another, by the paths and in reverse.

    `total` is the sum over the paths, `tree` its formula; both are None where not all paths are listed.
    `derivative` is what reverse mode finds without walking along any single one.
    """

    graph: Graph
    of: str
    to: str
    count: int
    paths: tuple[Path, ...]
    total: Quantity | None
    tree: Tree | None
    derivative: Quantity
    inverse: Inverse | None

    def to_json(self) -> dict[str, Any]:
        """Return the whole derivation, graph included."""
        return {
            **self.graph.to_json(),
            "of": self.of,
            "to": self.to,
            "text": None if self.tree is None else to_short_text(self.tree),
            "derivative": self.derivative.to_json(),
            "paths": {
                "count": self.count,
                "items": [path.to_json() for path in self.paths],
                "sum": None if self.total is None else self.total.to_json(),
            },
            "inverse": None if self.inverse is None else self.inverse.to_json(),
        }


def build(definitions: Mapping[str, Value] | Sequence[tuple[str, Value]]) -> Graph:
    """Compute every variable and every edge's derivative, exactly where all that goes in is rational.

    Raises: DefinitionError.
    """
    values: dict[str, Quantity] = {}
    edges: list[Edge] = []
    ordered = read_definitions(definitions)
    for definition in ordered:
        tree = definition.expression.tree
        columns = {parent: np.array([values[parent].value]) for parent in definition.parents}
        exact = {
            parent: known for parent in definition.parents if (known := values[parent].exact) is not None
        }
        value, slopes = Tape(tree).differentiate(columns)
        values[definition.name] = Quantity.of(evaluate_exactly(tree, exact), float(value[0]))
        for parent in definition.parents:
            formula = derivative(tree, parent)
            # A simplified formula may have a value where the expression has none.
            defined = values[definition.name].exact is not None
            rational = evaluate_exactly(formula, exact) if defined else None
            slope = Quantity.of(rational, float(slopes[parent][0]))
            edges.append(Edge(definition.name, parent, formula, slope))
    return Graph(ordered, values, tuple(edges))


def derive(
    graph: Graph, of: str | None = None, to: str | None = None, *, listed: int = LISTED_PATHS
) -> Derivation:
    """Return the derivative of `of` (or the last variable) with respect to `to` (or the first given one).

    Raises: DefinitionError if there is no such variable, or `listed` is out of range.
    """
    of = graph.definitions[-1].name if of is None else of
    to = next(each.name for each in graph.definitions if not each.parents) if to is None else to
    for name in (of, to):
        if name not in graph.values:
            raise DefinitionError(name, f"there is no variable {name[:100]!r}", ", ".join(graph.values))
    if not 0 <= listed <= MAX_LISTED_PATHS:
        raise DefinitionError(None, f"{listed} paths to list", f"0 to {MAX_LISTED_PATHS}")
    reaching = _count_paths(graph, of)
    count = reaching[to]
    paths = tuple(
        Path(edges, _product(edges)) for edges in islice(_walk(graph, reaching, of, to), min(listed, count))
    )
    total: Quantity | None = None
    tree: Tree | None = None
    if len(paths) == count:
        total, tree = Quantity.of(ZERO.value, 0.0), ZERO
        for path in paths:
            total, tree = total.plus(path.product), add(tree, path.tree)
    slope = _reverse(graph, of)[to]
    return Derivation(graph, of, to, count, paths, total, tree, slope, _inverse(graph, of, to, paths, count))


def _count_paths(graph: Graph, of: str) -> dict[str, int]:
    """Return how many paths lead from each variable to `of`, without walking along them."""
    counts = dict.fromkeys(graph.values, 0)
    counts[of] = 1
    for edge in reversed(graph.edges):
        counts[edge.to] += counts[edge.of]
    return counts


def _walk(graph: Graph, reaching: Mapping[str, int], of: str, start: str) -> Iterator[tuple[Edge, ...]]:
    """Yield the paths from `start` to `of`, never turning where no path goes on."""
    if start == of:
        yield ()
        return
    for edge in graph.edges:
        if edge.to == start and reaching[edge.of]:
            for rest in _walk(graph, reaching, of, edge.of):
                yield (edge, *rest)


def _product(edges: Sequence[Edge]) -> Quantity:
    product = Quantity.of(ONE.value, 1.0)
    for edge in edges:
        product = product.times(edge.derivative)
    return product


def _reverse(graph: Graph, of: str) -> dict[str, Quantity]:
    """Return the derivative of `of` by every variable, in one pass over the edges from last to first."""
    slopes = dict.fromkeys(graph.values, Quantity.of(ZERO.value, 0.0))
    slopes[of] = Quantity.of(ONE.value, 1.0)
    leading = {of}
    for edge in reversed(graph.edges):
        if edge.of in leading:  # elsewhere 0 times an infinite slope would be NaN
            leading.add(edge.to)
            slopes[edge.to] = slopes[edge.to].plus(slopes[edge.of].times(edge.derivative))
    return slopes


def _inverse(graph: Graph, of: str, to: str, paths: Sequence[Path], count: int) -> Inverse | None:
    if count != 1 or not paths or not paths[0].edges:
        return None
    expressions = {definition.name: definition.expression for definition in graph.definitions}
    solution: Tree | None = None
    for edge in paths[0].edges:
        step = solve(expressions[edge.of].tree, edge.to, edge.of)
        if step is None:
            solution = None
            break
        solution = step if solution is None else substitute(solution, {edge.to: step})
    solved = None if solution is None else derivative(solution, of)
    slope = paths[0].product.reciprocal()
    return Inverse(to, of, divide(ONE, paths[0].tree), solved, slope)
