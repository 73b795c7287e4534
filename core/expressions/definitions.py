"""Definitions are named expressions over each other, put in an order in which they can be computed."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import CoreError
from core.expressions.elementary import CONSTANTS, ELEMENTARY
from core.expressions.errors import ExpressionError
from core.expressions.exact import exact_decimal
from core.expressions.grammar import parse
from core.expressions.simplification import number
from core.expressions.tokens import MAX_NAME, NAME
from core.expressions.tree import Expression, size

MAX_DEFINITIONS = 48
MAX_CHARACTERS = 4_000  # of all expressions together
MAX_NODES = 500  # of all expressions together

Value = str | int | float


class DefinitionError(CoreError):
    """A list of definitions that cannot be computed.

    `variable` is the one that is wrong, or None; `position` a character of its expression, from 1, or None.
    """

    def __init__(
        self, variable: str | None, problem: str, allowed: str, *, position: int | None = None
    ) -> None:
        self.variable = variable
        self.problem = problem
        self.allowed = allowed
        self.position = position
        super().__init__(f"{problem}; allowed: {allowed}")


@dataclass(frozen=True, eq=False)
class Definition:
    """One variable; `expression.variables` are those that it is made of, none where its value is given."""

    name: str
    expression: Expression

    @property
    def parents(self) -> tuple[str, ...]:
        """The variables that it is made of."""
        return self.expression.variables


def read_definitions(
    definitions: Mapping[str, Value] | Sequence[tuple[str, Value]],
) -> tuple[Definition, ...]:
    """Return the definitions in the order given, or, where one uses a later one, after what it uses.

    Raises: DefinitionError that names what is too much, defined twice, unknown, unused, or goes in a circle.
    """
    pairs = list(definitions.items() if isinstance(definitions, Mapping) else definitions)
    if not 1 <= len(pairs) <= MAX_DEFINITIONS:
        raise DefinitionError(None, f"{len(pairs)} definitions", f"1 to {MAX_DEFINITIONS}")
    known: dict[str, Definition] = {}
    characters = nodes = 0
    for name, value in pairs:
        _check_name(name, known)
        known[name] = Definition(name, _expression(name, value))
        characters += len(known[name].expression.text)
        nodes += size(known[name].expression.tree)
        if characters > MAX_CHARACTERS or nodes > MAX_NODES:
            problem = f"with {name}, the definitions become too long"
            allowed = f"{MAX_CHARACTERS:,} characters and {MAX_NODES} numbers, names, operators and functions"
            raise DefinitionError(name, problem, f"{allowed}, all together")
    _check_uses(known)
    return _in_order(known)


def definitions_from_text(text: str) -> list[tuple[str, str]]:
    """Return name and expression of every line such as `b = a**2`; a semicolon ends a line too.

    Raises: DefinitionError at a line without an equals sign.
    """
    pairs = []
    for line in text.replace(";", "\n").splitlines():
        if not line.strip():
            continue
        name, equals, expression = line.partition("=")
        if not equals:
            problem = f"{_shown(line.strip())} defines nothing"
            raise DefinitionError(None, problem, "lines such as b = a**2")
        pairs.append((name.strip(), expression.strip()))
    return pairs


def _check_name(name: str, known: Iterable[str]) -> None:
    if not NAME.fullmatch(name) or len(name) > MAX_NAME:
        allowed = f"letters a to z, digits and _, at most {MAX_NAME}, no digit first"
        raise DefinitionError(name, f"{_shown(name)} cannot be a name", allowed)
    if name in CONSTANTS or name in ELEMENTARY:
        meaning = "a constant" if name in CONSTANTS else "a function"
        reserved = ", ".join([*CONSTANTS, *ELEMENTARY])
        raise DefinitionError(name, f"{name} is {meaning} already", f"any name but {reserved}")
    if name in known:
        raise DefinitionError(name, f"{name} is defined twice", "every name once")


def _expression(name: str, value: Value) -> Expression:
    if isinstance(value, str):
        try:
            return parse(value)
        except ExpressionError as error:
            problem = f"in the expression of {name}, {error.problem} at character {error.position}"
            raise DefinitionError(name, problem, error.allowed, position=error.position) from error
    allowed = "an expression, or a finite number"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise DefinitionError(name, f"{name} is {_shown(value)}", allowed)
    try:
        nearest = float(value)
    except OverflowError:  # a whole number of more than 308 digits
        nearest = math.inf
    if not math.isfinite(nearest):
        raise DefinitionError(name, f"{name} is {nearest}", allowed)
    return Expression(repr(value), number(exact_decimal(nearest)), ())


def _check_uses(known: Mapping[str, Definition]) -> None:
    used: set[str] = set()
    for definition in known.values():
        used.update(definition.parents)
        for parent in definition.parents:
            if parent not in known:
                nearest = difflib.get_close_matches(parent, known, n=1)
                hint = f"; did you mean {nearest[0]}?" if nearest else ""
                problem = f"{definition.name} is made of {parent}, which is not defined{hint}"
                raise DefinitionError(definition.name, problem, ", ".join(known))
    unused = [name for name, definition in known.items() if not definition.parents and name not in used]
    if unused and len(known) > 1:
        problem = f"nothing is made of {', '.join(unused)}"
        raise DefinitionError(unused[0], problem, "given values that an expression uses")


def _in_order(known: Mapping[str, Definition]) -> tuple[Definition, ...]:
    waiting = dict(known)
    ordered: list[Definition] = []
    while waiting:
        ready = next(
            (each for each in waiting.values() if not any(parent in waiting for parent in each.parents)), None
        )
        if ready is None:
            circle = _circle(waiting)
            problem = f"{' needs '.join(circle)}, in a circle"
            raise DefinitionError(circle[0], problem, "variables made of others, never of themselves")
        ordered.append(waiting.pop(ready.name))
    return tuple(ordered)


def _circle(waiting: Mapping[str, Definition]) -> list[str]:
    """Return names each of which needs the next, the first again at the end."""
    trail = [next(iter(waiting))]
    while trail[-1] not in trail[:-1]:
        trail.append(next(parent for parent in waiting[trail[-1]].parents if parent in waiting))
    return trail[trail.index(trail[-1]) :]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:99] + "…"
