"""A score is gathered batch by batch and worked out at the end, in an order that no other run can change."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from core.arrays import BoolArray, Float64Array
from core.batches import Batch
from core.losses import Loss
from core.metrics import r_squared


class Score(Protocol):
    """What a forward pass is worth, beside its loss."""

    def add(self, loss: Loss, batch: Batch, position: int, span: slice, /) -> None:
        """Take in a batch after its forward, before its backward pass; `span` is its place among all rows."""
        ...

    def value(self) -> Float64Array:
        """Return each run's score over all batches (runs,)."""
        ...


class Accuracy:
    """The share of examples whose largest output is the right one; of equal outputs, the first counts."""

    def __init__(self, runs: int, rows: int) -> None:
        self._hits: BoolArray = np.zeros((runs, rows), np.bool_)

    def add(self, loss: Loss, batch: Batch, _position: int, span: slice) -> None:
        """Note which examples are right; they are counted once, at the end."""
        np.equal(loss.predicted(), batch.classes, out=self._hits[:, span])

    def value(self) -> Float64Array:
        """Return hits over rows."""
        share: Float64Array = np.count_nonzero(self._hits, axis=1) / self._hits.shape[1]
        return share


class RSquared:
    """1 - residual squares over squares about the mean, averaged over outputs.

    Shapes:
        spread  (runs, outputs) sum of squares of all rows about their mean
    """

    def __init__(self, runs: int, batches: int, spread: Float64Array) -> None:
        self._squares = np.zeros((runs, batches, spread.shape[1]))
        self._spread = spread

    def add(self, loss: Loss, _batch: Batch, position: int, _span: slice) -> None:
        """Note the batch's residual squares by output."""
        by_output = loss.residual().swapaxes(1, 2)
        self._squares[:, position] = np.vecdot(by_output, by_output)

    def value(self) -> Float64Array:
        """Return R2, averaged over outputs."""
        left: Float64Array = np.add.reduce(self._squares, axis=1)
        return r_squared(left, self._spread)
