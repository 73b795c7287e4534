"""Which rows train, validate and test is fixed when a sweep is submitted, and follows from two seeds alone.

The split's seed draws the test rows (stream 5, layer 0), so that they are the same in every run. With
`resample` each run's own seed draws its validation rows from the others (stream 5, layer 1); without, the
split's seed does. Runs with one seed therefore share all their rows. Rows are counted from 0 and always given
in ascending order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.streams import Stream, generator
from service.datasets import strata
from service.datasets.strata import Counts, Stratum
from service.datasets.table import IntArray, Table
from service.datasets.targets import Objective
from service.errors import Fault, InvalidSubmission
from service.planning.split_settings import PARTS, SplitMethod, SplitSettings

FORMAT = 1  # of the JSON
TEST_LAYER, VALIDATION_LAYER = 0, 1


@dataclass(frozen=True, slots=True, eq=False)
class SplitPlan:
    """The rows of a sweep; where `fixed` is None, each seed draws its own from `strata`."""

    method: SplitMethod
    seed: int
    rows: int
    test_rows: IntArray
    strata: tuple[Stratum, ...]
    fixed: tuple[IntArray, IntArray] | None

    @property
    def resample(self) -> bool:
        """Whether runs with different seeds have different training and validation rows."""
        return self.fixed is None

    @property
    def rows_outside_test(self) -> IntArray:
        """The rows that preprocessing may look at: all but the test rows."""
        outside = np.ones(self.rows, dtype=bool)
        outside[self.test_rows] = False
        return np.flatnonzero(outside).astype(np.int64)

    @property
    def counts(self) -> Counts:
        """How many rows train, validate and test in each run."""
        if self.fixed is not None:
            return Counts(len(self.fixed[0]), len(self.fixed[1]), len(self.test_rows))
        train, validation = (sum(getattr(stratum, part) for stratum in self.strata) for part in PARTS[:2])
        return Counts(train, validation, len(self.test_rows))

    def rows_for(self, seed: int) -> tuple[IntArray, IntArray]:
        """The training and the validation rows of the runs with this seed; the latter may be empty."""
        return self.fixed if self.fixed is not None else _draw(self.strata, seed)

    def to_json(self) -> dict[str, Any]:
        """The whole plan, as values that JSON can hold."""
        return {
            "format": FORMAT,
            "method": self.method,
            "seed": self.seed,
            "rows": self.rows,
            "test_rows": self.test_rows.tolist(),
            "strata": [[stratum.rows.tolist(), stratum.train, stratum.validation] for stratum in self.strata],
            "fixed": None if self.fixed is None else [rows.tolist() for rows in self.fixed],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> SplitPlan:
        """The same plan again."""
        if document["format"] != FORMAT:
            raise ValueError(f"a stored split has format {document['format']!r}; this version reads {FORMAT}")
        fixed = document["fixed"]
        return cls(
            document["method"],
            document["seed"],
            document["rows"],
            _rows(document["test_rows"]),
            tuple(Stratum(_rows(rows), train, validation) for rows, train, validation in document["strata"]),
            None if fixed is None else (_rows(fixed[0]), _rows(fixed[1])),
        )


def plan(settings: SplitSettings, table: Table, objective: Objective) -> SplitPlan:
    """The rows of a sweep over this table; classes are split in proportion unless the settings name a method.

    Raises: InvalidSubmission for a part that would be empty or larger than the table, a stratified split of
    numbers, a class with fewer rows than there are parts, a split column that says something else.
    """
    method = settings.method or ("shuffled" if objective.classes is None else "stratified")
    if method == "column":
        return _by_column(settings, table)
    counts = _counts(settings, table.rows)
    if method == "ordered":
        order = np.arange(table.rows, dtype=np.int64)
        fixed = order[: counts.train], order[counts.train : counts.train + counts.validation]
        return SplitPlan(method, settings.seed, table.rows, order[table.rows - counts.test :], (), fixed)
    if method == "shuffled":
        groups = [strata.Group(np.arange(table.rows, dtype=np.int64), counts)]
    elif objective.classes is None:
        message = "a stratified split needs classes; this target is numeric"
        raise InvalidSubmission([Fault("split.method", message, method, "shuffled, ordered, column")])
    else:
        groups = strata.divide(objective.classes.read(table), objective.classes.labels, counts)
    test_rows, left = strata.set_test_rows_aside(
        groups, generator(settings.seed, Stream.SPLIT, 0, TEST_LAYER)
    )
    if settings.resample is False:
        return SplitPlan(method, settings.seed, table.rows, test_rows, (), _draw(left, settings.seed))
    return SplitPlan(method, settings.seed, table.rows, test_rows, left, None)


def _draw(parts: Sequence[Stratum], seed: int) -> tuple[IntArray, IntArray]:
    return strata.draw(parts, generator(seed, Stream.SPLIT, 0, VALIDATION_LAYER))


def _rows(stored: Sequence[int]) -> IntArray:
    return np.array(stored, dtype=np.int64)


def _counts(settings: SplitSettings, rows: int) -> Counts:
    counts = Counts(*settings.counts(rows))
    faults = []
    if sum(counts) > rows:
        asked = " + ".join(f"{count:,}" for count in counts)
        message = f"{asked} = {sum(counts):,} rows are asked; the table has {rows:,}"
        faults.append(Fault("split", message, sum(counts), f"at most {rows:,} rows"))
    elif counts.train < 1:
        faults.append(
            Fault("split.train", f"{rows:,} rows leave none to train on", counts.train, "at least one row")
        )
    for part, count, fraction in zip(PARTS, counts, settings.fractions or (0, 0, 0), strict=True):
        if fraction > 0 and count == 0 and part != "train":
            faults.append(
                Fault(f"split.{part}", f"{fraction:g} of {rows:,} rows is not a single row", fraction)
            )
    if faults:
        raise InvalidSubmission(faults)
    return counts


def _by_column(settings: SplitSettings, table: Table) -> SplitPlan:
    name = str(settings.column)
    column, cells = table.column(name, path="split.column")
    if isinstance(cells, np.ndarray) or column.kind != "text":
        raise InvalidSubmission(
            [Fault("split.column", f"{name!r} is no text column", column.kind, ", ".join(PARTS))]
        )
    for row, cell in enumerate(cells):
        if cell not in PARTS:
            message = f"{name!r} is {'missing' if cell is None else repr(cell)} in row {row + 1}"
            raise InvalidSubmission([Fault("split.column", message, cell, ", ".join(PARTS))])
    train, validation, test = (
        _rows([row for row, cell in enumerate(cells) if cell == part]) for part in PARTS
    )
    if not train.size:
        raise InvalidSubmission([Fault("split.column", f"no row of {name!r} says train", name)])
    return SplitPlan("column", settings.seed, table.rows, test, (), (train, validation))
