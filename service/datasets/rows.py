"""Rows as JSON carries them become a table, or every cell that does not fit its column is told.

A value is missing where it is null, and, as in CSV, where a number is "NaN" or a text is "" (which may be a
category of its own where the data have it). A column of numbers takes numbers, one of booleans true and
false, one of text text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from service.datasets.table import Column, ColumnValues, Table
from service.errors import Fault, InvalidSubmission
from service.planning.plain_text import did_you_mean, normalized
from service.planning.strict_json import member

MAX_ROWS = 10_000
MAX_FAULTS = 100
_KINDS = {"number": 'a number, "NaN" or null', "boolean": "true, false or null", "text": "text or null"}


class Read(NamedTuple):
    """The table of the wanted columns, and the known ones that stood beside them and are not used."""

    table: Table
    ignored: tuple[str, ...]


def from_rows(
    rows: Sequence[Mapping[str, object]],
    wanted: Sequence[Column],
    known: Collection[str],
    *,
    empty_texts: Collection[str] = (),
    at: Callable[[int], str] = "rows[{}]".format,
) -> Read:
    """The table of rows that are objects, one value for each column's name.

    `known` are other names that may stand there; `empty_texts` the columns in which "" is a text like any.

    Raises: InvalidSubmission with up to 100 faults, each under `at(row)` and the column's name.
    """
    faults = _count_faults(len(rows), "rows")
    wanted_names = {column.name for column in wanted}
    names = wanted_names | set(known)
    ignored: dict[str, None] = {}
    for index, row in enumerate(rows):
        for name, value in row.items():
            if name not in names:
                faults.append(_unknown(member(at(index), name), name, value, names))
            elif name not in wanted_names:
                ignored[name] = None
        for column in wanted:
            if column.name not in row:
                faults.append(_missing(member(at(index), column.name), column))
        if len(faults) >= MAX_FAULTS:
            break
    columns = {column.name: [row.get(column.name) for row in rows] for column in wanted}

    def place(name: str, index: int) -> str:
        return member(at(index), name)

    return Read(_table(columns, wanted, empty_texts, place, faults), tuple(ignored))


def from_columns(
    columns: Mapping[str, object],
    wanted: Sequence[Column],
    known: Collection[str],
    *,
    empty_texts: Collection[str] = (),
    path: str = "columns",
) -> Read:
    """The table of columns that are lists of one length; otherwise as `from_rows`.

    Raises: InvalidSubmission with up to 100 faults, each under `columns.name[i]`.
    """
    faults: list[Fault] = []
    wanted_names = {column.name for column in wanted}
    names = wanted_names | set(known)
    lists: dict[str, list[object]] = {}
    for name, values in columns.items():
        where = member(path, name)
        if name not in names:
            faults.append(_unknown(where, name, values, names))
        elif not isinstance(values, list):
            faults.append(Fault(where, "is not a list", values, "a list with a value for each row"))
        elif name in wanted_names:
            lists[name] = values
    faults += [_missing(member(path, column.name), column) for column in wanted if column.name not in columns]
    lengths = {len(values) for values in lists.values()}
    if len(lengths) > 1:
        told = ", ".join(f"{name}: {len(values)}" for name, values in list(lists.items())[:10])
        faults.append(Fault(path, f"columns of different lengths: {told}", None, "lists of one length"))
    elif lengths:
        faults += _count_faults(lengths.pop(), path)

    def place(name: str, index: int) -> str:
        return f"{member(path, name)}[{index}]"

    table = _table(lists, wanted, empty_texts, place, faults)
    return Read(table, tuple(name for name in columns if name in names - wanted_names))


def _table(
    columns: Mapping[str, Sequence[object]],
    wanted: Sequence[Column],
    empty_texts: Collection[str],
    place: Callable[[str, int], str],
    faults: list[Fault],
) -> Table:
    if not faults:
        for column in wanted:
            for index, value in enumerate(columns[column.name]):
                message = _READERS[column.kind].fault(value)
                if message is not None:
                    fault = Fault(place(column.name, index), message, value, _KINDS[column.kind])
                    faults.append(fault)
    if faults:
        raise InvalidSubmission(faults[:MAX_FAULTS])
    values = tuple(
        _READERS[column.kind].read(columns[column.name], column.name in empty_texts) for column in wanted
    )
    return Table("rows", tuple(wanted), values)


class _Reader(NamedTuple):
    fault: Callable[[object], str | None]
    read: Callable[[Sequence[Any], bool], ColumnValues]


def _number_fault(value: object) -> str | None:
    if value is None or value == "NaN" or (isinstance(value, int | float) and not isinstance(value, bool)):
        return None
    return "is not a number"


def _boolean_fault(value: object) -> str | None:
    return None if value is None or isinstance(value, bool) else "is neither true nor false"


def _text_fault(value: object) -> str | None:
    return None if value is None or isinstance(value, str) else "is not text"


def _numbers(values: Sequence[Any], _empty: bool) -> ColumnValues:
    return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)


def _booleans(values: Sequence[Any], _empty: bool) -> ColumnValues:
    return cast("ColumnValues", tuple(values))


def _texts(values: Sequence[Any], empty: bool) -> ColumnValues:
    # As they are read from a CSV: composed, without spaces around them, nothing where nothing stands.
    texts = [None if value is None else normalized(value.strip()) for value in values]
    return tuple(None if text is None or (text == "" and not empty) else text for text in texts)


_READERS = {
    "number": _Reader(_number_fault, _numbers),
    "boolean": _Reader(_boolean_fault, _booleans),
    "text": _Reader(_text_fault, _texts),
}


def _count_faults(count: int, path: str) -> list[Fault]:
    if 1 <= count <= MAX_ROWS:
        return []
    return [Fault(path, f"holds {count:,} rows", count, f"1 to {MAX_ROWS:,} rows")]


def _unknown(path: str, name: str, value: object, names: Collection[str]) -> Fault:
    listed = ", ".join(sorted(names)[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    return Fault(path, f"the dataset has no column {name[:100]!r}{did_you_mean(name, names)}", value, listed)


def _missing(path: str, column: Column) -> Fault:
    return Fault(path, "the column is missing", None, f"{_KINDS[column.kind]} for a missing value")
