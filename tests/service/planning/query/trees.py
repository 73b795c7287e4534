"""Trees of the query language for Hypothesis, their text, and what they mean, in plain Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from operator import ge, gt, le, lt
from typing import Any

from hypothesis import strategies as st

from service.planning.query.tree import (
    NON_FINITE,
    And,
    Between,
    Comparison,
    Condition,
    Likeness,
    Membership,
    Missing,
    Not,
    Or,
    Quantity,
    Tree,
)

COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
Values = Callable[[Quantity], Any]  # a number, a text, True or False, or None


def trees(quantities: Mapping[Quantity, Sequence[Any]]) -> st.SearchStrategy[Tree]:
    """Trees over these quantities, each compared with some of its values and values near them."""
    conditions = st.sampled_from(list(quantities)).flatmap(lambda each: _conditions(each, quantities[each]))
    return st.recursive(
        conditions,
        lambda inner: st.one_of(
            inner.map(Not),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
            st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
        ),
        max_leaves=6,
    )


def _conditions(quantity: Quantity, values: Sequence[Any]) -> st.SearchStrategy[Condition]:
    some, negated = st.sampled_from(values), st.booleans()
    several = st.lists(some, min_size=1, max_size=3).map(tuple)
    equal = st.builds(Comparison, st.just(quantity), st.sampled_from(["=", "!="]), some)
    found: list[st.SearchStrategy[Any]] = [
        equal,
        st.builds(Membership, st.just(quantity), several, negated),
        st.builds(Missing, st.just(quantity), negated),
    ]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if numbers:
        number = st.sampled_from(numbers)
        operators = st.sampled_from(["<", "<=", ">", ">="])
        found.append(st.builds(Comparison, st.just(quantity), operators, number))
        found.append(st.builds(Between, st.just(quantity), number, number, negated))
    if quantity.kind in ("text", "word", "layers"):
        patterns = some.flatmap(lambda text: st.sampled_from([text, f"%{text[1:]}", f"{text[:2]}%", "%_%"]))
        found.append(st.builds(Likeness, st.just(quantity), patterns, negated, negated))
    return st.one_of(found)


def text_of(tree: Tree) -> str:
    """The tree written as a filter, with every part in parentheses."""
    if isinstance(tree, Not):
        return f"not ({text_of(tree.part)})"
    if isinstance(tree, And | Or):
        word = " and " if isinstance(tree, And) else " OR "
        return word.join(f"({text_of(part)})" for part in tree.parts)
    name = _name(tree.quantity)
    if isinstance(tree, Comparison):
        return f"{name} {tree.operator} {_value(tree.value)}"
    maybe = " not" if tree.negated else ""
    if isinstance(tree, Missing):
        return f"{name} IS{maybe} null"
    if isinstance(tree, Membership):
        return f"{name}{maybe} in ({', '.join(map(_value, tree.values))})"
    if isinstance(tree, Between):
        return f"{name}{maybe} between {_value(tree.low)} AND {_value(tree.high)}"
    return f"{name}{maybe} {'ilike' if tree.ignore_case else 'LIKE'} {_value(tree.pattern)}"


def _name(quantity: Quantity) -> str:
    if quantity.group == "tags":
        return f"tags.`{quantity.name}`"
    return str(quantity) if quantity.group != "attributes" else f"attributes.{quantity.name}"


def _value(value: object) -> str:
    if isinstance(value, str):
        return f"'{value}'" if "'" not in value else f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else repr(value)


def truth(tree: Tree, values: Values) -> bool | None:
    """Whether the tree holds, in the logic of three values: None is what cannot be said."""
    if isinstance(tree, Not):
        found = truth(tree.part, values)
        return None if found is None else not found
    if isinstance(tree, And | Or):
        parts = [truth(part, values) for part in tree.parts]
        decisive = isinstance(tree, Or)
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive
    value: Any = values(tree.quantity)
    if isinstance(tree, Missing):
        return (value is None) != tree.negated
    if value is None:
        return None
    held = _holds(tree, value)
    if held is None or isinstance(tree, Comparison):
        return held
    return bool(held) != tree.negated


def _holds(tree: Comparison | Membership | Between | Likeness, value: Any) -> bool | None:
    if isinstance(tree, Membership):
        return bool(value in tree.values)
    if isinstance(tree, Likeness):
        flags = re.DOTALL | (re.IGNORECASE | re.ASCII if tree.ignore_case else 0)
        pattern = "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in tree.pattern)
        return re.fullmatch(pattern, value, flags) is not None
    if isinstance(tree, Comparison) and tree.operator in ("=", "!="):
        return bool(value == tree.value) == (tree.operator == "=")
    if value in (*NON_FINITE, "full"):
        return None
    if isinstance(tree, Between):
        return bool(tree.low <= value <= tree.high)
    return bool(COMPARE[tree.operator](value, tree.value))
