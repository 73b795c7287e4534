"""A pass takes one batch of every run through the network and its loss, in memory that it prepared once."""

from __future__ import annotations

import numpy as np

from core.arrays import FloatArray, IntArray
from core.batches import Batch, Table
from core.configuration import Configuration
from core.layout import Layout
from core.losses import LOSSES
from core.metrics import r_squared
from core.network import Network


class Pass:
    """Forward and backward passes over batches of one size.

    Shapes:
        weights, gradients  (runs, layout.width); without gradients there is no backward pass
        rows                (sets, batch), `sets` being 1 where all runs see the same examples
        outputs             (runs, batch, outputs), valid until the next forward pass
    """

    batch: Batch
    outputs: FloatArray

    def __init__(
        self,
        configuration: Configuration,
        layout: Layout,
        table: Table,
        weights: FloatArray,
        gradients: FloatArray | None,
        shape: tuple[int, int],
    ) -> None:
        """Prepare for rows of this shape; of the configuration only what a population has in common is read."""
        sets, size = shape
        self._source = table.batches(sets, size)
        self._network = Network(configuration, layout, weights, gradients, size)
        self.loss = LOSSES[configuration.loss]((weights.shape[0], size, layout.sizes[-1]), weights.dtype)

    def forward(self, rows: IntArray) -> None:
        """Set `batch`, `outputs` and the loss to those of the examples at `rows`."""
        self.batch = self._source.gather(rows)
        self.outputs = self._network.forward(self.batch.inputs)
        self.loss.forward(self.outputs, self.batch)

    def backward(self) -> None:
        """Fill the gradients with the derivatives of the mean loss over the last batch."""
        self._network.backward(self.loss.backward())


class Tally:
    """Loss and score of every run over many batches: added up in float64, in an order that no other run can change.

    Shapes:
        losses  (runs, batches) the summed loss of each batch
    """

    def __init__(self, runs: int, rows: int, batches: int, spread: FloatArray | None) -> None:
        """Start at zero; `spread` (runs, outputs) is the sum of squares about the mean, None in classification."""
        self.losses = np.zeros((runs, batches))
        self._rows = rows
        self._spread = spread
        # Hits are counted, and squares added, once all batches are in.
        self._hits = np.zeros((runs, rows), np.bool_) if spread is None else None
        self._squares = np.zeros((runs, batches, spread.shape[1])) if spread is not None else None

    def add(self, done: Pass, batch: int, start: int, stop: int) -> None:
        """Add the forward pass just done, before its backward pass, as examples `start` to `stop`."""
        self.losses[:, batch] = done.loss.sums
        if self._hits is not None:
            predicted = done.loss.predicted
            if predicted is None:
                predicted = np.argmax(done.outputs, axis=2)
            np.equal(predicted, done.batch.classes, out=self._hits[:, start:stop])
        elif self._squares is not None:
            residual = done.loss.residual
            self._squares[:, batch] = np.vecdot(residual, residual, axis=1)

    def loss(self) -> FloatArray:
        """Return the mean loss per example (runs,)."""
        return np.add.reduce(self.losses, axis=1) / self._rows

    def score(self) -> FloatArray:
        """Return accuracy, or R2 averaged over outputs (runs,)."""
        if self._squares is None or self._spread is None:
            return np.count_nonzero(self._hits, axis=1) / self._rows
        return r_squared(np.add.reduce(self._squares, axis=1), self._spread)
