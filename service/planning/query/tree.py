"""What a filter says, as a tree of conditions on quantities; it knows of no database.

A condition holds where it is surely true. Where a quantity is missing, every condition on it fails, and so
does its negation, except `is null`: `not (a < 1)` is `a >= 1`, and finds nothing where there is no a. This
is what SQL and MLflow do. `without_negations` pushes each `not` down to the conditions, where it is a sign.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

Operator = Literal["=", "!=", "<", "<=", ">", ">="]
Group = Literal["metrics", "params", "tags", "attributes"]
Statistic = Literal["last", "best", "min", "max"]
Kind = Literal["metric", "number", "text", "word", "instant", "flag", "layers", "batch_size"]
Value = int | float | str | bool

OPPOSITE: dict[Operator, Operator] = {"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
NON_FINITE = ("NaN", "Infinity", "-Infinity")  # values of a metric that stand in no order


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is compared: a metric, a parameter, a tag of the sweep, or an attribute of the run."""

    group: Group
    name: str
    kind: Kind
    statistic: Statistic = "last"  # of a metric over the run's epochs
    choices: tuple[str, ...] = field(default=(), compare=False)  # the only values of a word

    def __str__(self) -> str:
        named = self.name if self.group == "attributes" else f"{self.group}.{self.name}"
        return f"{named}.{self.statistic}" if self.group == "metrics" else named


@dataclass(frozen=True, slots=True)
class Comparison:
    """`quantity operator value`; a metric that is not finite equals its word, and is in no order."""

    quantity: Quantity
    operator: Operator
    value: Value


@dataclass(frozen=True, slots=True)
class Membership:
    """`quantity [not] in (values)`."""

    quantity: Quantity
    values: tuple[Value, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """`quantity [not] between low and high`, both included."""

    quantity: Quantity
    low: Value
    high: Value
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Likeness:
    """`quantity [not] like pattern`: % stands for any text, _ for one character; there is no escape."""

    quantity: Quantity
    pattern: str
    ignore_case: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """`quantity is [not] null`."""

    quantity: Quantity
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """Where its part is surely false."""

    part: Tree


@dataclass(frozen=True, slots=True)
class And:
    """Where all parts hold."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Where one part holds."""

    parts: tuple[Tree, ...]


Condition = Comparison | Membership | Between | Likeness | Missing
Tree = Condition | Not | And | Or


def without_negations(tree: Tree, *, negated: bool = False) -> Tree:
    """The same tree with every `not` carried down to its conditions (De Morgan)."""
    if isinstance(tree, Not):
        return without_negations(tree.part, negated=not negated)
    if isinstance(tree, And | Or):
        parts = tuple(without_negations(part, negated=negated) for part in tree.parts)
        return Or(parts) if isinstance(tree, And) == negated else And(parts)
    if not negated:
        return tree
    if isinstance(tree, Comparison):
        return replace(tree, operator=OPPOSITE[tree.operator])
    return replace(tree, negated=not tree.negated)
