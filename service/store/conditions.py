"""A filter's tree becomes an SQL condition; values are bound as parameters, never written into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_ as both
from operator import eq, ge, gt, le, lt, ne
from operator import or_ as either
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Double, SQLColumnExpression, Text, literal, or_

from service.planning.query.tree import (
    NON_FINITE,
    And,
    Between,
    Comparison,
    Likeness,
    Membership,
    Missing,
    Not,
    Operator,
    Or,
    Quantity,
    Tree,
    Value,
    without_negations,
)
from service.store.dialects import like, like_in_any_case

Column = SQLColumnExpression[Any]
Compare = Callable[[Any, Any], Any]
COMPARE: dict[Operator, Compare] = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True, slots=True)
class Found:
    """Where a quantity stands.

    `within` makes of a condition on the row that holds it one on the row that is asked for. `word` is the
    text of a number that is not finite, or of what is no number. `guard` says which rows have it at all.
    """

    value: Column
    within: Callable[[ColumnElement[bool]], ColumnElement[bool]] = lambda condition: condition
    word: Column | None = None
    guard: ColumnElement[bool] | None = None


def condition(tree: Tree, find: Callable[[Quantity], Found]) -> ColumnElement[bool]:
    """Where the tree is true; `find` says where a quantity stands."""
    return _condition(without_negations(tree), find)


def _condition(tree: Tree, find: Callable[[Quantity], Found]) -> ColumnElement[bool]:
    if isinstance(tree, And | Or):
        parts = [_condition(part, find) for part in tree.parts]
        return reduce(both if isinstance(tree, And) else either, parts)
    assert not isinstance(tree, Not)  # noqa: S101 - carried down to the conditions before
    found = find(tree.quantity)
    if isinstance(tree, Missing):
        return _missing(found, negated=tree.negated)
    wanted = found.within(_wanted(tree, found))
    return wanted if found.guard is None else both(found.guard, wanted)


def _missing(found: Found, *, negated: bool) -> ColumnElement[bool]:
    if negated:
        has_value: ColumnElement[bool] = found.value.is_not(None)
        has_value = has_value if found.word is None else or_(has_value, found.word.is_not(None))
        there = found.within(has_value)
        return there if found.guard is None else both(found.guard, there)
    no_value: ColumnElement[bool] = found.value.is_(None)
    gone = found.within(no_value if found.word is None else both(no_value, found.word.is_(None)))
    return gone if found.guard is None else or_(~found.guard, gone)


def _wanted(tree: Comparison | Membership | Between | Likeness, found: Found) -> ColumnElement[bool]:
    if isinstance(tree, Comparison):
        return _comparison(tree, found)
    if isinstance(tree, Membership):
        return _membership(tree.values, found, negated=tree.negated)
    if isinstance(tree, Likeness):
        alike = (like_in_any_case if tree.ignore_case else like)(found.value, tree.pattern)
        return ~alike if tree.negated else alike
    low, high = bound(tree.low), bound(tree.high)
    return or_(found.value < low, found.value > high) if tree.negated else found.value.between(low, high)


def _comparison(tree: Comparison, found: Found) -> ColumnElement[bool]:
    if tree.operator in ("=", "!="):
        return _membership((tree.value,), found, negated=tree.operator == "!=")
    compared: ColumnElement[bool] = COMPARE[tree.operator](found.value, bound(tree.value))
    return compared


def _membership(values: Sequence[Value], found: Found, *, negated: bool) -> ColumnElement[bool]:
    """Words and numbers are kept apart: a number equals no word, and a word no number."""
    words = [value for value in values if found.word is not None and value in (*NON_FINITE, "full")]
    others = [value for value in values if value not in words]
    parts = []
    if found.word is not None and (words or negated):
        not_a_number = both(found.value.is_(None), found.word.is_not(None))
        is_word = _among(found.word, words, negated=negated)
        parts.append(both(not_a_number, is_word) if negated else both(found.value.is_(None), is_word))
    if others or negated:
        parts.append(_among(found.value, others, negated=negated))
    return or_(*parts)


def _among(column: Column, values: Sequence[Value], *, negated: bool) -> ColumnElement[bool]:
    if not values:
        return column.is_not(None) if negated else column.is_(None) & column.is_not(None)
    if len(values) == 1:
        single: ColumnElement[bool] = (ne if negated else eq)(column, bound(values[0]))
        return single
    listed = [bound(value) for value in values]
    return column.not_in(listed) if negated else column.in_(listed)


def bound(value: Value | None) -> ColumnElement[Any]:
    """The value as a parameter of a type of its own: a column's may be too small for it."""
    if isinstance(value, bool):
        return literal(value, Boolean())
    if isinstance(value, int):
        return literal(value, BigInteger())
    return literal(value, Double() if isinstance(value, float) else Text())
