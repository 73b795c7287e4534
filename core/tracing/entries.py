"""An entry of a trace is one equation: its formula, the numbers put in, and the result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypedDict

from core.tracing.network import Row
from core.tracing.numbers import Number, factor, written

Written = dict[str, object]  # {"value", "exact", "shown"}

MAX_TERMS = 8  # of a sum that is spelled out


class Put(TypedDict):
    """An equation with the numbers of one example."""

    substituted: str
    result: Written


class Entry(TypedDict):
    """One equation; `result` is null where each example has its own."""

    kind: str
    name: str
    id: str | None
    formula: str
    examples: list[Put]
    result: Written | None


def entry(
    kind: str,
    name: str,
    formula: str,
    examples: Sequence[tuple[str, Number]],
    *,
    identifier: str | None = None,
    result: Number | None = None,
) -> Entry:
    """Write an equation out, from each example's substituted text and result."""
    if result is None and len(examples) == 1:
        result = examples[0][1]
    return Entry(
        kind=kind,
        name=name,
        id=identifier,
        formula=f"{name} = {formula}",
        examples=[Put(substituted=text, result=written(number)) for text, number in examples],
        result=None if result is None else written(result),
    )


def added(count: int, term: Callable[[int], str]) -> str:
    """Write a sum out, the middle of a long one left out."""
    if count <= MAX_TERMS:
        return " + ".join(map(term, range(count)))
    return f"{term(0)} + {term(1)} + {term(2)} + ... + {term(count - 1)}"


def products(left: Row, right: Row) -> str:
    """Write the sum of products out."""
    return added(len(left), lambda k: f"{factor(left[k])} * {factor(right[k])}")
