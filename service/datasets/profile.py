"""What a column holds at a glance: how many values, which, and how they spread."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

import numpy as np

from service.datasets.table import Column, ColumnValues, FloatArray, Kind

ShownKind = Literal["number", "integer", "boolean", "text"]

MOST_FREQUENT = 5
MOST_CHARACTERS = 100  # of a text that is shown


@dataclass(frozen=True, slots=True)
class Frequency:
    """A value and how many rows have it."""

    value: str | bool
    count: int


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """A column's values in a few numbers; missing ones count in `missing` alone.

    `minimum`, `maximum` and `mean` are those of numbers (None where none is there), `frequent` are the most
    frequent texts or booleans, the most frequent first. An integer is a number column of whole numbers.
    """

    name: str
    kind: ShownKind
    missing: int
    distinct: int
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    frequent: tuple[Frequency, ...] = ()

    @property
    def stored_kind(self) -> Kind:
        """The kind of the table's column: integers are numbers there."""
        return "number" if self.kind == "integer" else self.kind


def profile(column: Column, values: ColumnValues) -> ColumnProfile:
    """The profile of a column."""
    if isinstance(values, np.ndarray):
        return _of_numbers(column.name, values)
    counts = Counter(values)
    missing = counts.pop(None, 0)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_FREQUENT]
    frequent = tuple(Frequency(_cut(value), count) for value, count in ordered if value is not None)
    kind: ShownKind = "boolean" if column.kind == "boolean" else "text"
    return ColumnProfile(column.name, kind, missing, len(counts), frequent=frequent)


def _of_numbers(name: str, values: FloatArray) -> ColumnProfile:
    present = values[~np.isnan(values)]
    missing = len(values) - len(present)
    if not present.size:
        return ColumnProfile(name, "number", missing, 0)
    whole = bool(np.all(present == np.floor(present)))
    with np.errstate(over="ignore"):
        mean = float(np.mean(present))
    return ColumnProfile(
        name,
        "integer" if whole else "number",
        missing,
        len(np.unique(present)),
        float(present.min()),
        float(present.max()),
        mean if np.isfinite(mean) else None,
    )


def _cut(value: str | bool) -> str | bool:
    if isinstance(value, bool) or len(value) <= MOST_CHARACTERS:
        return value
    return value[: MOST_CHARACTERS - 1] + "…"
