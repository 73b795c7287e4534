"""Epochs in which the same members trained, in the order of the losses' columns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.arrays import BoolArray, Float64Array, IntArray
from core.layer_statistics import LayerStatistics
from core.reports import EpochReport
from service.planning.measurements import COLUMNS, SCORES


class Measured:
    """Reports of the same members, kept as they came until all of them are looked at together.

    Each by itself would be looked at when the core has just emptied the processor's caches.

    Shapes:
        members  (k,)
        values   (epochs, COLUMNS, k)
        known    (epochs, COLUMNS), whether there is a value: where there is none the core says NaN, which
                 elsewhere means divergence
    """

    def __init__(self, members: IntArray, task: str) -> None:
        self.members = members
        self.epochs: list[int] = []
        self.layers: list[LayerStatistics] = []  # of each epoch; none of a function
        self._columns: list[Float64Array] = []
        self._validated: list[bool] = []
        self._known = {
            validated: [_is_known(name, task, validated=validated) for name in COLUMNS]
            for validated in (False, True)
        }

    @classmethod
    def of(cls, report: EpochReport, task: str) -> Measured:
        """A single epoch."""
        alone = cls(report.members, task)
        alone.add(report)
        return alone

    def add(self, report: EpochReport) -> None:
        """Take in the next epoch of these members."""
        self.epochs.append(report.epoch)
        if report.layers is not None:
            self.layers.append(report.layers)
        self._columns.append(np.array([getattr(report, name) for name in COLUMNS]))
        self._validated.append(report.validated)

    @property
    def values(self) -> Float64Array:
        """Everything that was measured."""
        return np.stack(self._columns)

    @property
    def known(self) -> BoolArray:
        """What was measured."""
        return np.array([self._known[validated] for validated in self._validated])

    def rows(self, place: int) -> Iterator[tuple[float | None, ...]]:
        """Each member's values in the epoch at this place; None where there is none."""
        known, nothing = self._known[self._validated[place]], [None] * len(self.members)
        columns = zip(self._columns[place].tolist(), known, strict=True)
        return zip(*(column if there_is else nothing for column, there_is in columns), strict=True)


def _is_known(column: str, task: str, *, validated: bool) -> bool:
    return (validated or not column.startswith("validation_")) and (
        task in SCORES or not column.endswith("_score")
    )
