"""A pass takes one batch of every run through the network and its loss, in memory that it prepared once."""

from __future__ import annotations

import numpy as np

from core.arrays import Float64Array, FloatArray, IntArray
from core.batches import Batch, Table
from core.configuration import Configuration
from core.dropout import DropoutNumbers
from core.layout import Layout
from core.losses import LOSSES
from core.network import Network
from core.scores import Accuracy, RSquared, Score


class Pass:
    """Forward and backward passes over batches of one size.

    Shapes:
        weights, gradients  (runs, layout.width); without gradients there is no backward pass
        rows                (sets, batch), `sets` being 1 where all runs see the same examples
        class_weights       (runs, classes), what an example of each class counts; None where all count 1
        sums                (runs,) the loss of the last batch, so weighted, summed over its examples
        outputs             (runs, batch, outputs), valid until the next forward pass
    """

    batch: Batch
    outputs: FloatArray
    sums: FloatArray

    def __init__(
        self,
        configuration: Configuration,
        layout: Layout,
        table: Table,
        weights: FloatArray,
        gradients: FloatArray | None,
        shape: tuple[int, int],
        dropout: DropoutNumbers | None = None,
        class_weights: FloatArray | None = None,
    ) -> None:
        """Prepare for rows of this shape; what a population has in common is read of the configuration."""
        sets, size = shape
        self._source = table.batches(sets, size)
        self._network = Network(configuration, layout, weights, gradients, size, dropout)
        self.loss = LOSSES[configuration.loss]((weights.shape[0], size, layout.sizes[-1]), weights.dtype)
        self._class_weights = class_weights
        self._example_weights = np.empty((0, size), weights.dtype)
        self._runs = np.arange(weights.shape[0])[:, None]

    def forward(self, rows: IntArray) -> None:
        """Set `batch`, `outputs` and the loss to those of the examples at `rows`."""
        self.batch = self._source.gather(rows)
        self.outputs = self._network.forward(self.batch.inputs)
        self.loss.forward(self.outputs, self.batch)
        self.sums = self.loss.sums
        if self._class_weights is not None:
            self._example_weights = self._class_weights[self._runs, self.batch.classes]
            self.sums = np.vecdot(self._example_weights, self.loss.by_example())

    def backward(self) -> None:
        """Fill the gradients with the derivatives of the mean loss over the last batch."""
        gradient = self.loss.backward()
        if self._class_weights is not None:
            np.multiply(gradient, self._example_weights[:, :, None], out=gradient)
        self._network.backward(gradient)


class Tally:
    """Loss and score of every run over many batches.

    Shapes:
        losses  (runs, batches) float64, the summed loss of each batch
    """

    def __init__(self, runs: int, rows: int, batches: int, spread: Float64Array | None) -> None:
        """Start at zero; `spread` (runs, outputs) is what R2 compares with, None in classification."""
        self.losses = np.zeros((runs, batches))
        self._rows = rows
        self._score: Score = Accuracy(runs, rows) if spread is None else RSquared(runs, batches, spread)

    def add(self, done: Pass, position: int, start: int, stop: int) -> None:
        """Add the forward pass just done, before its backward pass, as examples `start` to `stop`."""
        self.losses[:, position] = done.sums
        self._score.add(done.loss, done.batch, position, slice(start, stop))

    def loss(self) -> Float64Array:
        """Return the mean loss per example (runs,)."""
        total: Float64Array = np.add.reduce(self.losses, axis=1)
        return total / self._rows

    def score(self) -> Float64Array:
        """Return accuracy, or R2 averaged over outputs (runs,)."""
        return self._score.value()
