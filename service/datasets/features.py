"""A feature column becomes inputs by numbers that were fitted once and are applied to every row alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np

from service.datasets.table import Column, ColumnValues, FloatArray, IntArray, Table
from service.errors import Fault, InvalidSubmission

Scale = Literal["standardize", "minmax", "none"]

MAX_CATEGORIES = 256  # of a text column; more are names or numbers of rows, not categories
LEAST_ROWS_OF_NAMES = 20  # in fewer rows all texts may differ by chance


@dataclass(frozen=True, slots=True)
class NumberFeature:
    """A column of numbers or booleans: one input `(value - center) / scale`, and one that says "was missing".

    A missing value is replaced by `fill`, the fitted rows' median (for booleans their most frequent value).
    The indicator stands there only if some of the fitted rows are missing. A column that is constant over the
    fitted rows is 0 everywhere.
    """

    column: str
    kind: Literal["number", "boolean"]
    fill: float
    center: float
    scale: float
    indicator: bool
    constant: bool

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs it makes."""
        return (self.column, f"{self.column} is missing") if self.indicator else (self.column,)

    def apply(self, table: Table) -> FloatArray:
        """This feature's inputs for every row: (rows, inputs)."""
        values = _floats(*_column(table, self.column, self.kind))
        missing = np.isnan(values)
        filled = np.where(missing, self.fill, values)
        with np.errstate(over="ignore"):  # what overflows is refused below, by row
            scaled = np.zeros_like(filled) if self.constant else (filled - self.center) / self.scale
        if not np.all(np.isfinite(scaled)):
            row = int(np.flatnonzero(~np.isfinite(scaled))[0])
            message = (
                f"{self.column!r} is {values[row]} in row {row + 1}, too far from the fitted rows to scale"
            )
            raise InvalidSubmission([Fault("features", message, self.column)])
        return np.stack([scaled, missing.astype(np.float64)] if self.indicator else [scaled], axis=1)


@dataclass(frozen=True, slots=True)
class TextFeature:
    """A column of text: an input for each category of the fitted rows, and one that says "was missing".

    A missing value counts as `fill`, the most frequent category (the first of several). A category that the
    fitted rows do not have is 0 in all inputs. A column with a single category is constant, and 0 everywhere.
    """

    column: str
    categories: tuple[str, ...]
    fill: str
    indicator: bool
    constant: bool

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs it makes."""
        names = tuple(f"{self.column} = {category}" for category in self.categories)
        return (*names, f"{self.column} is missing") if self.indicator else names

    @property
    def knows_the_empty_text(self) -> bool:
        """Whether "" is a category of its own, and no missing value."""
        return "" in self.categories and not self.constant

    def apply(self, table: Table) -> FloatArray:
        """This feature's inputs for every row: (rows, inputs)."""
        values = cast("tuple[str | None, ...]", _column(table, self.column, "text")[1])
        position = {category: index for index, category in enumerate(self.categories)}
        result = np.zeros((len(values), len(self.inputs)))
        for row, value in enumerate(values):
            index = position.get(self.fill if value is None else value)
            if index is not None and not self.constant:
                result[row, index] = 1.0
            if value is None and self.indicator:
                result[row, -1] = 1.0
        return result


Feature = NumberFeature | TextFeature


def choose(table: Table, features: Sequence[str] | None, taken: Sequence[str]) -> tuple[str, ...]:
    """The columns asked for, or in the table's order all that are not taken by the target or the split."""
    if features is None:
        names = tuple(column.name for column in table.columns if column.name not in taken)
        if not names:
            raise InvalidSubmission([Fault("features", "the table has no column beside the target")])
        return names
    faults: list[Fault] = [] if features else [Fault("features", "needs at least one column")]
    for index, name in enumerate(features):
        path = f"features[{index}]"
        try:
            table.position(name, path=path)
        except InvalidSubmission as error:
            faults.extend(error.faults)
        if name in taken:
            faults.append(
                Fault(path, f"{name!r} is the target or the split's column and cannot be a feature", name)
            )
        if name in features[:index]:
            faults.append(Fault(path, f"{name!r} stands twice among the features", name))
    if faults:
        raise InvalidSubmission(faults)
    return tuple(features)


def makes_a_feature(table: Table, name: str, rows: IntArray) -> bool:
    """Whether a column is a feature although nobody asked for it.

    Text is none that has too many categories in these rows (those outside the test set), or another one in
    each, as names have.
    """
    column, values = table.column(name, path="features")
    if column.kind != "text":
        return True
    present = [value for value in (values[row] for row in rows) if value is not None]
    distinct = len(set(present))
    return distinct <= MAX_CATEGORIES and not distinct == len(rows) >= LEAST_ROWS_OF_NAMES


def fit(table: Table, name: str, rows: IntArray, scale: Scale) -> Feature:
    """The feature that this column makes, with the statistics of these rows (those outside the test set)."""
    column, values = table.column(name, path="features")
    if column.kind == "text":
        return _fit_text(name, [values[row] for row in rows])
    fitted = _floats(column, values)[rows]
    missing = np.isnan(fitted)
    present = np.ascontiguousarray(fitted[~missing])
    if present.size == 0 or present.min() == present.max():
        fill = float(present[0]) if present.size else 0.0
        some = bool(missing.any() and present.size)
        return NumberFeature(name, _number_kind(column), fill, 0.0, 1.0, indicator=some, constant=True)
    fill = _most_frequent_boolean(present) if column.kind == "boolean" else float(np.median(present))
    center, spread = _scaling(present, "none" if column.kind == "boolean" else scale)
    if not (np.isfinite([fill, center, spread]).all() and spread > 0):
        message = (
            f"{name!r} runs from {present.min()} to {present.max()}, too large or too close to be scaled"
        )
        raise InvalidSubmission([Fault("features", message, name, "scale none, or other units")])
    return NumberFeature(
        name, _number_kind(column), fill, center, spread, indicator=bool(missing.any()), constant=False
    )


def _fit_text(name: str, fitted: Sequence[object]) -> TextFeature:
    counts = Counter(str(value) for value in fitted if value is not None)
    if len(counts) > MAX_CATEGORIES:
        message = (
            f"the text column {name!r} has {len(counts):,} different values; name the features without it"
        )
        raise InvalidSubmission([Fault("features", message, name, f"at most {MAX_CATEGORIES} categories")])
    categories = tuple(sorted(counts))
    fill = min(categories, key=lambda category: (-counts[category], category), default="")
    some = bool(counts) and any(value is None for value in fitted)
    return TextFeature(name, categories or ("",), fill, indicator=some, constant=len(categories) < 2)


def _scaling(present: FloatArray, scale: Scale) -> tuple[float, float]:
    with np.errstate(over="ignore", invalid="ignore"):
        if scale == "standardize":
            return float(present.mean()), float(present.std())
        if scale == "minmax":
            return float(present.min()), float(present.max() - present.min())
    return 0.0, 1.0


def _most_frequent_boolean(present: FloatArray) -> float:
    return float(present.mean() > 0.5)


def _number_kind(column: Column) -> Literal["number", "boolean"]:
    return "boolean" if column.kind == "boolean" else "number"


def _floats(column: Column, values: ColumnValues) -> FloatArray:
    if column.kind == "boolean":
        return np.array([np.nan if value is None else float(value) for value in values], dtype=np.float64)
    return np.asarray(values, dtype=np.float64)


def _column(table: Table, name: str, kind: str) -> tuple[Column, ColumnValues]:
    column, values = table.column(name, path="features")
    if column.kind != kind:
        message = f"{name!r} holds {column.kind} values; the network was fitted on {kind} values"
        raise InvalidSubmission([Fault("features", message, name, kind)])
    return column, values
