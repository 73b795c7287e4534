"""A column of cells' texts becomes numbers, booleans or text by what every one of its cells says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from service.datasets.cells import MISSING
from service.datasets.description import LARGEST_EXACT
from service.datasets.reading.limits import Decimal
from service.datasets.remarks import Remark
from service.datasets.table import Column, ColumnValues, FloatArray, Texts
from service.errors import Fault, InvalidSubmission

NOT_IN_A_NUMBER = "[^0-9eE+.-]"
WITH_COMMA = r"^[+-]?(?:[0-9]+(?:,[0-9]*)?|,[0-9]+)(?:[eE][+-]?[0-9]+)?$"
NEARLY_ALL = 0.8  # of a text column's cells are numbers: then the others are told


@dataclass(frozen=True, slots=True, eq=False)
class TypedColumn:
    """A column as it is stored, and what is remarkable about how it was read."""

    column: Column
    values: ColumnValues
    remarks: tuple[Remark, ...] = ()


def from_texts(index: int, name: str, cells: pl.Series, decimal: Decimal | None) -> TypedColumn:
    """The column that these cells, as they stand in a CSV file, make.

    `decimal` says which mark numbers are written with; None refuses a column that only makes sense with
    commas, because what is meant cannot be known.

    Raises:
        InvalidSubmission: an infinite number, or decimal commas that nobody spoke of.
    """
    known = _without_missing(cells.str.strip_chars())
    if decimal == "comma":
        if (known.is_null() | known.str.contains(WITH_COMMA)).all():
            known = known.str.replace(",", ".", literal=True)
        elif not known.str.contains(NOT_IN_A_NUMBER).any():
            return _text(name, known, _read(known))
    numbers = _read(known)
    if numbers.null_count() == known.null_count():
        return _numbers(index, name, numbers)
    if known.str.to_lowercase().is_in(["true", "false"]).all(ignore_nulls=True):
        truths = (known.str.to_lowercase() == "true").to_list()
        return TypedColumn(Column(name, "boolean"), tuple(truths))
    if decimal is None:
        _refuse_decimal_commas(index, name, known)
    return _text(name, known, numbers)


def from_numbers(index: int, name: str, numbers: pl.Series) -> TypedColumn:
    """The column that a Parquet file's numbers make: missing are nulls and NaN."""
    return _numbers(index, name, numbers.cast(pl.Float64))


def from_strings(name: str, strings: pl.Series) -> TypedColumn:
    """The column that a Parquet file's strings make: always text; missing are nulls and ""."""
    known = strings.str.strip_chars()
    return TypedColumn(Column(name, "text"), _texts(known.replace({"": None})))


def from_truths(name: str, truths: pl.Series) -> TypedColumn:
    """The column that a Parquet file's booleans make."""
    return TypedColumn(Column(name, "boolean"), tuple(truths.to_list()))


def _without_missing(cells: pl.Series) -> pl.Series:
    frame = cells.rename("cells").to_frame()
    spelled = pl.col("cells").is_in(sorted(MISSING))
    return frame.select(pl.when(~spelled).then(pl.col("cells")).alias("cells")).to_series()


def _read(known: pl.Series) -> pl.Series:
    """The numbers, null where a cell is none; Polars takes NAN and -nan for one, which we do not spell so."""
    return known.cast(pl.Float64, strict=False).fill_nan(None)


def _numbers(index: int, name: str, numbers: pl.Series) -> TypedColumn:
    values: FloatArray = numbers.fill_null(float("nan")).to_numpy().astype(np.float64)
    infinite = np.flatnonzero(np.isinf(values))
    if infinite.size:
        row, count = int(infinite[0]), infinite.size
        message = f"{name!r} is infinite, or too large for a float64, in row {row + 1}"
        message += f" and {count - 1:,} more" if count > 1 else ""
        raise InvalidSubmission(
            [Fault(f"columns[{index}]", message, str(values[row]), "finite numbers, or a missing value")]
        )
    remarks = []
    if bool(np.any(np.abs(values) >= LARGEST_EXACT)):  # NaN compares as false
        message = f"{name!r} holds numbers of 2^53 or more, where whole numbers are rounded"
        remarks.append(Remark("rounded", name, message))
    return TypedColumn(Column(name, "number"), values, tuple(remarks))


def _text(name: str, known: pl.Series, numbers: pl.Series) -> TypedColumn:
    remarks = []
    count = known.len() - known.null_count()
    read = numbers.len() - numbers.null_count()
    if NEARLY_ALL * count <= read < count:
        row = int((numbers.is_null() & known.is_not_null()).arg_max() or 0)
        message = (
            f"{name!r} is text because {count - read:,} of {count:,} values are no numbers: "
            f"{str(known[row])[:40]!r} in row {row + 1}"
        )
        remarks.append(Remark("nearly_numbers", name, message))
    return TypedColumn(Column(name, "text"), _texts(known), tuple(remarks))


def _texts(known: pl.Series) -> Texts:
    return tuple(known.str.normalize("NFC").to_list())


def _refuse_decimal_commas(index: int, name: str, known: pl.Series) -> None:
    commas = known.str.contains(",", literal=True)
    if not commas.any() or not (known.is_null() | known.str.contains(WITH_COMMA)).all():
        return
    row = int(commas.fill_null(value=False).arg_max() or 0)
    message = f"{name!r} writes its numbers with commas: {known[row]!r} in row {row + 1}"
    allowed = "decimal=comma in the query to read them as numbers, decimal=point to keep them as text"
    raise InvalidSubmission([Fault(f"columns[{index}]", message, known[row], allowed)])
