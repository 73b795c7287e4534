"""What is shown of a table: its columns, what to predict, what is remarkable, and its first rows."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

import numpy as np

from service.datasets import advice
from service.datasets.profile import ColumnProfile, Frequency, profile
from service.datasets.remarks import Remark
from service.datasets.table import Column, ColumnValues, Table
from service.datasets.targets import Task
from service.errors import Fault, InvalidSubmission
from service.planning.plain_text import did_you_mean

MOST_ROWS = 100  # of a preview
MOST_BYTES = 2**20  # of a preview's rows as JSON, unless a single row has more

LARGEST_EXACT = 2**53  # beyond, not every whole number is a float64

Cell = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Description:
    """Everything that is shown of a table beside its name; `head` are its first rows."""

    rows: int
    columns: tuple[ColumnProfile, ...]
    target: str
    task: Task
    remarks: tuple[Remark, ...]
    head: tuple[tuple[Cell, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """As values that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Description:
        """The same description again."""
        return cls(
            document["rows"],
            tuple(profile_from_json(each) for each in document["columns"]),
            document["target"],
            document["task"],
            tuple(Remark(**each) for each in document["remarks"]),
            tuple(tuple(_cell(cell) for cell in row) for row in document["head"]),
        )


class Describer:
    """Takes the columns one after the other, so that no table is needed whole."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._profiles: list[ColumnProfile] = []
        self._heads: list[list[Cell]] = []

    def add(self, column: Column, values: ColumnValues) -> None:
        """Look at the next column."""
        found = profile(column, values)
        self._profiles.append(found)
        self._heads.append(_head(found, values))

    def description(self, target: str | None, remarks: Sequence[Remark] = ()) -> Description:
        """What was seen. `target` is what to predict, or None for a suggestion.

        Raises:
            InvalidSubmission: no column is called so.
        """
        names = [each.name for each in self._profiles]
        chosen = target or advice.suggested_target(self._profiles, self._rows)
        if chosen not in names:
            message = f"the table has no column {chosen!r}{did_you_mean(chosen, names)}"
            shown = ", ".join(names[:20]) + (f" and {len(names) - 20:,} more" if len(names) > 20 else "")
            raise InvalidSubmission([Fault("target", message, chosen, shown)])
        return Description(
            self._rows,
            tuple(self._profiles),
            chosen,
            advice.task_of(self._profiles[names.index(chosen)]),
            (*remarks, *advice.remarks(self._profiles, self._rows, chosen)),
            _within(MOST_BYTES, list(zip(*self._heads, strict=True))),
        )


def describe(table: Table) -> Description:
    """The description of a table that is at hand."""
    describer = Describer(table.rows)
    for column, values in zip(table.columns, table.values, strict=True):
        describer.add(column, values)
    return describer.description(table.default_target)


def profile_from_json(document: Mapping[str, Any]) -> ColumnProfile:
    """A column's profile again."""
    return ColumnProfile(
        **{**document, "frequent": tuple(Frequency(**each) for each in document.get("frequent", ()))}
    )


def _cell(stored: Cell) -> Cell:
    """A cell again; PostgreSQL's jsonb hands 1e22 back as a whole number."""
    if isinstance(stored, int) and not isinstance(stored, bool) and abs(stored) > LARGEST_EXACT:
        return float(stored)
    return stored


def _head(found: ColumnProfile, values: ColumnValues) -> list[Cell]:
    if not isinstance(values, np.ndarray):
        return list(islice(values, MOST_ROWS))
    numbers: list[float] = values[:MOST_ROWS].tolist()
    whole = found.kind == "integer"
    return [
        None if math.isnan(number) else int(number) if whole and abs(number) <= LARGEST_EXACT else number
        for number in numbers
    ]


def _within(most: int, rows: list[tuple[Cell, ...]]) -> tuple[tuple[Cell, ...], ...]:
    left = most
    for count, row in enumerate(rows):
        left -= len(json.dumps(row))
        if left < 0:
            return tuple(rows[: max(1, count)])
    return tuple(rows)
