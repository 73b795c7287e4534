"""A table of examples is immutable, and its content alone, not its name, makes its hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from service.datasets import encoding
from service.errors import Fault, InvalidSubmission
from service.planning.plain_text import did_you_mean, unsafe_character

Kind = Literal["number", "text", "boolean"]
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Texts = tuple[str | None, ...]
Booleans = tuple[bool | None, ...]
ColumnValues = FloatArray | Texts | Booleans

MAX_COLUMN_NAME = 200  # code points


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name and what its values are; whole numbers are numbers too."""

    name: str
    kind: Kind


@dataclass(frozen=True, eq=False)
class Table:
    """Rows of examples, stored column by column.

    A number column is a read-only float64 array with NaN where a value is missing; text and boolean columns
    are tuples with None there. Infinite numbers are refused, and minus zero becomes zero.

    Raises: InvalidSubmission with every column that is unusable, under the path `columns[i]`.
    """

    name: str
    columns: tuple[Column, ...]
    values: tuple[ColumnValues, ...]
    licence: str = ""
    source: str = ""
    target: str | None = None

    def __post_init__(self) -> None:
        canonical = tuple(
            canonical_numbers(values) if isinstance(values, np.ndarray) else values for values in self.values
        )
        object.__setattr__(self, "values", canonical)
        faults = tuple(_shape_faults(self.columns, canonical)) or tuple(
            _value_faults(self.columns, canonical)
        )
        if faults:
            raise InvalidSubmission(faults)

    @property
    def rows(self) -> int:
        """How many examples there are."""
        return len(self.values[0])

    @property
    def default_target(self) -> str:
        """What is predicted unless the submission names a column: `target`, else the last one."""
        return self.target or self.columns[-1].name

    def position(self, name: str, *, path: str) -> int:
        """Where the column of this name stands, counted from 0; an unknown name is a fault at `path`."""
        names = [column.name for column in self.columns]
        if name not in names:
            shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
            message = f"the table has no column {name!r}{did_you_mean(name, names)}"
            raise InvalidSubmission([Fault(path, message, name, shown)])
        return names.index(name)

    def column(self, name: str, *, path: str) -> tuple[Column, ColumnValues]:
        """The column of this name and its values."""
        position = self.position(name, path=path)
        return self.columns[position], self.values[position]

    def encode(self) -> bytes:
        """The canonical bytes of the content, as `service.datasets.encoding` describes them."""
        return encoding.encode([(column.name, column.kind) for column in self.columns], self.values)

    @classmethod
    def decode(
        cls,
        encoded: bytes,
        *,
        name: str = "",
        licence: str = "",
        source: str = "",
        target: str | None = None,
    ) -> Table:
        """The table whose content was encoded; what stands beside the content is given again."""
        columns, values = encoding.decode(encoded)
        kinds = tuple(Column(title, cast("Kind", kind)) for title, kind in columns)
        return cls(name, kinds, tuple(values), licence, source, target)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the canonical bytes, in hexadecimal."""
        return hashlib.sha256(self.encode()).hexdigest()


def canonical_numbers(values: FloatArray) -> FloatArray:
    """A read-only copy in which -0.0 is 0.0 and every NaN has the same bits."""
    canonical = np.asarray(values, dtype=np.float64) + 0.0
    canonical[np.isnan(canonical)] = np.nan
    canonical.setflags(write=False)
    return canonical


def name_faults(columns: Sequence[Column]) -> Iterable[Fault]:
    """Columns' names that cannot be used, or that stand twice."""
    seen: set[str] = set()
    for index, column in enumerate(columns):
        path = f"columns[{index}].name"
        if not column.name or len(column.name) > MAX_COLUMN_NAME or unsafe_character(column.name):
            allowed = f"1 to {MAX_COLUMN_NAME} characters without control characters"
            yield Fault(path, "a column's name is unusable", column.name, allowed)
        if column.name in seen:
            yield Fault(path, f"two columns are called {column.name!r}", column.name)
        seen.add(column.name)


def value_faults(index: int, column: Column, cells: ColumnValues) -> Iterable[Fault]:
    """What no table may hold in this column, which is the one at `index`."""
    path = f"columns[{index}]"
    if isinstance(cells, np.ndarray):
        if column.kind != "number":
            yield Fault(path, f"holds numbers but is said to be {column.kind}", column.kind, "number")
        infinite = np.flatnonzero(np.isinf(cells))
        if infinite.size:
            row = int(infinite[0])
            yield Fault(
                path, f"{column.name!r} is infinite in row {row + 1}", str(cells[row]), "finite numbers"
            )
        return
    expected = {"text": str, "boolean": bool}.get(column.kind)
    if expected is None or not set(map(type, cells)) <= {expected, type(None)}:
        yield Fault(path, f"{column.name!r} holds values that are not {column.kind}", column.kind)
    elif column.kind == "text":
        yield from _text_faults(path, column.name, cast("Texts", cells))


def _shape_faults(columns: tuple[Column, ...], values: tuple[ColumnValues, ...]) -> Iterable[Fault]:
    if not columns or len(columns) != len(values) or len(values[0]) == 0:
        yield Fault("columns", "a table needs at least one column and one row", len(columns))
        return
    yield from name_faults(columns)
    for index, cells in enumerate(values):
        if len(cells) != len(values[0]):
            message = f"has {len(cells)} values; the first column has {len(values[0])}"
            yield Fault(f"columns[{index}]", message, len(cells))


def _value_faults(columns: tuple[Column, ...], values: tuple[ColumnValues, ...]) -> Iterable[Fault]:
    for index, (column, cells) in enumerate(zip(columns, values, strict=True)):
        yield from value_faults(index, column, cells)


def _text_faults(path: str, name: str, cells: Texts) -> Iterable[Fault]:
    # All cells at once first: one by one takes ten times as long, and next to none holds any.
    if not unsafe_character("".join(cell for cell in cells if cell), lines=True):
        return
    for row, cell in enumerate(cells):
        found = unsafe_character(cell, lines=True) if cell else None
        if found:
            yield Fault(path, f"{name!r} holds the control character {found} in row {row + 1}", cell)
            return
