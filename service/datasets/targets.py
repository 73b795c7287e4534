"""What is predicted: one column of classes, or one or more columns of numbers.

Text, booleans and whole numbers with at most 20 distinct values are classes unless the submission says
otherwise. Classes are sorted over the whole table (text by code point), so that a class has the same index
whichever rows train.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from service.datasets.table import Column, ColumnValues, FloatArray, IntArray, Table
from service.errors import Fault, InvalidSubmission

Task = Literal["classification", "regression"]
Label = str | int | bool

MAX_DISTINCT_WHOLE_NUMBERS = 20  # of a column that is taken for classes unasked
MAX_CLASSES = 1_000
_MAX_MISSING_SHOWN = 3


@dataclass(frozen=True, slots=True)
class ClassTarget:
    """The classes of one column, in the order of their indices."""

    column: str
    labels: tuple[Label, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are predicted, and so are no features."""
        return (self.column,)

    @property
    def outputs(self) -> int:
        """How many outputs the network has: one for each class."""
        return len(self.labels)

    def read(self, table: Table) -> IntArray:
        """Class indices, (rows,)."""
        column, values = table.column(self.column, path="target")
        index = {label: position for position, label in enumerate(self.labels)}
        labels = _labels(column, values)
        for row, label in enumerate(labels):
            if label not in index:
                message = f"{self.column!r} is {label!r} in row {row + 1}, no class of this sweep"
                raise InvalidSubmission(
                    [Fault("target", message, label, ", ".join(map(str, self.labels[:20])))]
                )
        return np.array([index[label] for label in labels], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class NumberTarget:
    """Columns of numbers with the mean and standard deviation (over n) of the rows outside the test set."""

    columns: tuple[str, ...]
    means: tuple[float, ...]
    deviations: tuple[float, ...]

    @property
    def outputs(self) -> int:
        """How many outputs the network has: one for each column."""
        return len(self.columns)

    def read(self, table: Table) -> FloatArray:
        """Standardized targets, (rows, outputs)."""
        with np.errstate(over="ignore"):  # what overflows is refused below
            scaled = (numbers(table, self.columns) - np.array(self.means)) / np.array(self.deviations)
        if not np.all(np.isfinite(scaled)):
            message = "a target is too far from those of the rows outside the test set to be standardized"
            raise InvalidSubmission([Fault("target", message, list(self.columns))])
        return np.ascontiguousarray(scaled)

    def original(self, standardized: FloatArray) -> FloatArray:
        """The same values in the user's units; (rows, outputs) both."""
        original: FloatArray = standardized * np.array(self.deviations) + np.array(self.means)
        return original


Target = ClassTarget | NumberTarget


@dataclass(frozen=True, slots=True)
class Objective:
    """What a submission wants predicted, read from the whole table before any row is set aside.

    `classes` are the classes, or None for a regression; their statistics wait for the split.
    """

    task: Task
    columns: tuple[str, ...]
    classes: ClassTarget | None


def choose(table: Table, target: str | Sequence[str] | None, task: Task | None) -> Objective:
    """The target columns (the last one by default) and the task they make.

    Raises: InvalidSubmission for unknown or repeated columns, missing values, text where numbers are needed,
    a single class.
    """
    names = (
        [table.default_target] if target is None else [target] if isinstance(target, str) else list(target)
    )
    paths = (
        ["target"] if not isinstance(target, list | tuple) else [f"target[{i}]" for i in range(len(names))]
    )
    if not names or len(set(names)) != len(names):
        raise InvalidSubmission([Fault("target", "needs one or more different columns", names)])
    columns = [table.column(name, path=path) for name, path in zip(names, paths, strict=True)]
    faults = [
        fault
        for path, (column, values) in zip(paths, columns, strict=True)
        for fault in _missing(path, column, values)
    ]
    if faults:
        raise InvalidSubmission(faults)
    chosen = task or _inferred_task(columns)
    if chosen == "regression":
        _refuse_text(columns, paths)
        return Objective("regression", tuple(names), None)
    if len(names) > 1:
        message = "a classification has one target column; several columns of numbers make a regression"
        raise InvalidSubmission([Fault("target", message, names)])
    return Objective("classification", tuple(names), _classes(*columns[0]))


def fit(objective: Objective, table: Table, rows: IntArray) -> Target:
    """The target with the statistics of these rows (those outside the test set).

    Raises: InvalidSubmission if a column of numbers is constant over them: there is nothing to learn, and R2
    is undefined.
    """
    if objective.classes is not None:
        return objective.classes
    values = numbers(table, objective.columns)[rows]
    faults, means, deviations = [], [], []
    for index, name in enumerate(objective.columns):
        column = np.ascontiguousarray(values[:, index])
        with np.errstate(over="ignore", invalid="ignore"):
            mean, deviation = float(column.mean()), float(column.std())
        if column.min() == column.max():
            message = f"{name!r} is {column[0]} in every row outside the test set: there is nothing to learn"
            faults.append(Fault("target", message, name))
        elif not (np.isfinite(mean) and np.isfinite(deviation) and deviation > 0):
            faults.append(
                Fault("target", f"the values of {name!r} are too large or too close to standardize", name)
            )
        means.append(mean)
        deviations.append(deviation)
    if faults:
        raise InvalidSubmission(faults)
    return NumberTarget(objective.columns, tuple(means), tuple(deviations))


def numbers(table: Table, columns: Sequence[str]) -> FloatArray:
    """These columns side by side as numbers, in the user's units: (rows, columns)."""
    found = [table.column(name, path="target")[1] for name in columns]
    return np.stack([np.asarray(values, dtype=np.float64) for values in found], axis=1)


def _missing(path: str, column: Column, values: ColumnValues) -> list[Fault]:
    if isinstance(values, np.ndarray):
        rows = [int(row) for row in np.flatnonzero(np.isnan(values))]
    else:
        rows = [row for row, value in enumerate(values) if value is None]
    if not rows:
        return []
    shown = ", ".join(str(row + 1) for row in rows[:_MAX_MISSING_SHOWN])
    more = " and more" if len(rows) > _MAX_MISSING_SHOWN else ""
    message = f"the target {column.name!r} is missing in {len(rows)} rows ({shown}{more})"
    return [Fault(path, message, column.name, "a value in every row")]


def _inferred_task(columns: Sequence[tuple[Column, ColumnValues]]) -> Task:
    if len(columns) > 1:
        return "regression"
    values = columns[0][1]
    if not isinstance(values, np.ndarray):
        return "classification"
    whole = bool(np.all(values == np.floor(values)))
    return (
        "classification" if whole and len(np.unique(values)) <= MAX_DISTINCT_WHOLE_NUMBERS else "regression"
    )


def _refuse_text(columns: Sequence[tuple[Column, ColumnValues]], paths: Sequence[str]) -> None:
    faults = [
        Fault(path, f"a regression needs numbers; {column.name!r} holds {column.kind} values", column.name)
        for path, (column, _) in zip(paths, columns, strict=True)
        if column.kind != "number"
    ]
    if faults:
        raise InvalidSubmission(faults)


def _labels(column: Column, values: ColumnValues) -> list[Label]:
    if not isinstance(values, np.ndarray):
        return [value for value in values if value is not None]
    broken = np.flatnonzero(values != np.floor(values))
    if broken.size:
        message = f"classes are text, booleans or whole numbers; {column.name!r} holds {values[broken[0]]}"
        raise InvalidSubmission([Fault("target", message, column.name)])
    return [int(value) for value in values]


def _classes(column: Column, values: ColumnValues) -> ClassTarget:
    labels = sorted(set(_labels(column, values)), key=_order)
    if len(labels) < 2:
        message = f"{column.name!r} is {labels[0]!r} in every row: there is nothing to learn"
        raise InvalidSubmission([Fault("target", message, column.name, "two or more classes")])
    if len(labels) > MAX_CLASSES:
        message = f"{column.name!r} has {len(labels):,} different values, too many for classes"
        raise InvalidSubmission([Fault("target", message, column.name, f"at most {MAX_CLASSES:,} classes")])
    return ClassTarget(column.name, tuple(labels))


def _order(label: Label) -> tuple[float, str]:
    return (0.0, label) if isinstance(label, str) else (float(label), "")
