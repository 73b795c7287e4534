"""A Parquet file becomes typed columns: its footer is checked first, then Polars unpacks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from service.datasets.reading.limits import MAX_FAULTS, MAX_FIELD, Limits
from service.datasets.reading.names import repaired
from service.datasets.reading.parquet_footer import read_footer
from service.datasets.reading.source import Source
from service.datasets.reading.typed import TypedColumn, from_numbers, from_strings, from_truths
from service.errors import Fault, InvalidSubmission
from service.planning.plain_text import normalized

CELLS_AT_ONCE = 10_000_000
READABLE = "numbers, booleans, strings, categories, dates and times"


def open_parquet(path: Path, limits: Limits) -> Source:
    """The table in this file; its columns are unpacked one after the other as they are asked for.

    Raises:
        InvalidSubmission: it is no Parquet file, too large, or has columns of other kinds.
    """
    footer = read_footer(path, limits)
    schema = pl.read_parquet_schema(path)
    faults = [
        Fault(f"columns[{index}]", f"{name!r} holds {kind} values", str(kind), READABLE)
        for index, (name, kind) in enumerate(schema.items())
        if not _is_readable(kind)
    ]
    if faults:
        raise InvalidSubmission(faults[:MAX_FAULTS])
    names, remarks = repaired([normalized(name.strip()) for name in schema])
    return Source(footer.rows, names, _columns(path, schema, names, footer.rows, limits), remarks)


def _is_readable(kind: pl.DataType) -> bool:
    return kind.is_numeric() or isinstance(
        kind, pl.Boolean | pl.String | pl.Categorical | pl.Enum | pl.Date | pl.Datetime | pl.Time | pl.Null
    )


def _columns(
    path: Path, schema: Mapping[str, pl.DataType], names: tuple[str, ...], rows: int, limits: Limits
) -> Iterator[TypedColumn]:
    """Typed columns in order. Every column that is at fault is told, not only the first."""
    faults: list[Fault] = []
    inside = list(schema)
    group = max(1, CELLS_AT_ONCE // rows)
    for first in range(0, len(inside), group):
        frame = pl.read_parquet(
            path, columns=inside[first : first + group], parallel="none", glob=False, hive_partitioning=False
        )
        if frame.height != rows:
            raise RuntimeError(f"{rows} rows were read as {frame.height}")
        for index in range(first, min(first + group, len(inside))):
            try:
                yield _typed(index, names[index], frame.drop_in_place(inside[index]), limits)
            except InvalidSubmission as error:
                faults += error.faults
                if len(faults) >= MAX_FAULTS:
                    raise InvalidSubmission(faults) from None
    if faults:
        raise InvalidSubmission(faults)


def _typed(index: int, name: str, values: pl.Series, limits: Limits) -> TypedColumn:
    if values.dtype == pl.Boolean:
        return from_truths(name, values)
    if values.dtype.is_numeric() or values.dtype == pl.Null:
        return from_numbers(index, name, values)
    # A dictionary makes a million long texts of one: they are counted before any of them is touched.
    texts = values.cast(pl.String)
    lengths = texts.str.len_bytes()
    row = lengths.arg_max()
    if row is not None and lengths[row] > MAX_FIELD:
        message = f"{name!r} has a text of {lengths[row]:,} bytes in row {row + 1}"
        allowed = f"at most {MAX_FIELD:,} bytes in a field"
        raise InvalidSubmission([Fault(f"columns[{index}]", message, lengths[row], allowed)])
    limits.check_content(int(lengths.sum()))
    return from_strings(name, texts)
