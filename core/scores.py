"""A score is gathered batch by batch and worked out at the end, in an order that no other run can change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from core.arrays import BoolArray, Float64Array, FloatArray, IntArray
from core.batches import Batch
from core.losses import Loss
from core.metrics import r_squared


class Score(Protocol):
    """What a forward pass is worth, beside its loss."""

    def add(self, loss: Loss, batch: Batch, position: int, /) -> None:
        """Take in a batch after its forward, before its backward pass; `position` is its place in order."""
        ...

    def count(self, hits: IntArray, squares: FloatArray, position: int, /) -> None:
        """Take in what was counted of some batches, of which `position` is the first one's.

        Shapes:
            hits     (batches, runs) right answers
            squares  (batches, runs, outputs) of residuals
        """
        ...

    def value(self) -> Float64Array:
        """Return each run's score over all batches (runs,)."""
        ...


class Accuracy:
    """The share of examples whose largest output is the right one; of equal outputs, the first counts."""

    def __init__(self, runs: int, spans: Sequence[tuple[int, int]]) -> None:
        """Prepare for batches that are cut at `spans`."""
        self._rows = spans[-1][1]
        # By batch first, so that each batch's numbers lie side by side.
        hits: BoolArray = np.zeros(runs * self._rows, np.bool_)
        self._counted: IntArray = np.zeros(runs, np.int64)
        self._hits = [hits[runs * a : runs * b].reshape(runs, b - a) for a, b in spans]

    def add(self, loss: Loss, batch: Batch, position: int) -> None:
        """Note which examples are right; they are counted once, at the end."""
        loss.hits(batch, self._hits[position])

    def count(self, hits: IntArray, _squares: FloatArray, _position: int) -> None:
        """Add the right answers."""
        self._counted += hits.sum(axis=0)

    def value(self) -> Float64Array:
        """Return hits over rows."""
        hits = np.concatenate(self._hits, axis=1)
        share: Float64Array = (np.count_nonzero(hits, axis=1) + self._counted) / self._rows
        return share


class RSquared:
    """1 - residual squares over squares about the mean, averaged over outputs.

    Shapes:
        spread  (runs, outputs) sum of squares of all rows about their mean
    """

    def __init__(self, runs: int, batches: int, spread: Float64Array) -> None:
        self._squares = np.zeros((runs, batches, spread.shape[1]))
        self._spread = spread

    def add(self, loss: Loss, _batch: Batch, position: int) -> None:
        """Note the batch's residual squares by output."""
        residual = loss.residual()
        self._squares[:, position] = np.vecdot(residual, residual)

    def count(self, _hits: IntArray, squares: FloatArray, position: int) -> None:
        """Note the batches' residual squares by output."""
        self._squares[:, position : position + len(squares)] = squares.swapaxes(0, 1)

    def value(self) -> Float64Array:
        """Return R2, averaged over outputs."""
        left: Float64Array = np.add.reduce(self._squares, axis=1)
        return r_squared(left, self._spread)
