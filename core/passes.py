"""A pass takes one batch of every run through the network and its loss, in memory that it prepared once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.arrays import Float64Array, FloatArray
from core.batches import Batch
from core.configuration import Configuration
from core.dropout import DropoutNumbers
from core.layout import Layout
from core.losses import LOSSES
from core.network import Network
from core.rows import Sharing
from core.scores import Accuracy, RSquared, Score


class Pass:
    """Forward and backward passes over batches of one size.

    Shapes:
        weights, gradients  (runs, layout.width); without gradients there is no backward pass
        class_weights       (runs, classes), what an example of each class counts; None where all count 1
        sums                (runs,) the loss of the last batch, so weighted, summed over its examples
        outputs             (runs, outputs, batch), valid until the next forward pass
    """

    batch: Batch
    outputs: FloatArray
    sums: FloatArray

    def __init__(
        self,
        configuration: Configuration,
        layout: Layout,
        weights: FloatArray,
        gradients: FloatArray | None,
        size: int,
        *,
        sharing: Sharing | None = None,
        dropout: DropoutNumbers | None = None,
        class_weights: FloatArray | None = None,
    ) -> None:
        """Prepare for batches of `size`; what a population has in common is read of the configuration."""
        self.network = Network(configuration, layout, weights, gradients, size, dropout, sharing)
        self.loss = LOSSES[configuration.loss]((weights.shape[0], layout.sizes[-1], size), weights.dtype)
        self._class_weights = class_weights
        self._example_weights = np.empty((0, size), weights.dtype)
        self._runs = np.arange(weights.shape[0])[:, None]

    def forward(self, batch: Batch) -> None:
        """Set `outputs` and the loss to those of a batch."""
        self.batch = batch
        self.outputs = self.network.forward(batch.inputs)
        self.loss.forward(self.outputs, batch)
        self.sums = self.loss.sums
        if self._class_weights is not None:
            self._example_weights = self._class_weights[self._runs, batch.classes]
            self.sums = np.vecdot(self._example_weights, self.loss.by_example())

    def backward(self) -> None:
        """Fill the gradients with the derivatives of the mean loss over the last batch.

        They are multiplied with the factors that the loss was given.
        """
        gradient = self.loss.backward()
        if self._class_weights is not None:
            np.multiply(gradient, self._example_weights[:, None], out=gradient)
        self.network.backward(gradient)


class Tally:
    """Loss and score of every run over many batches.

    Shapes:
        losses  (runs, batches) float64, the summed loss of each batch
    """

    def __init__(self, runs: int, spans: Sequence[tuple[int, int]], spread: Float64Array | None) -> None:
        """Start at zero, for batches that are cut at `spans`.

        `spread` (runs, outputs) is what R2 compares with, None in classification.
        """
        self.losses = np.zeros((runs, len(spans)))
        self._rows = spans[-1][1]
        self._score: Score = Accuracy(runs, spans) if spread is None else RSquared(runs, len(spans), spread)

    def add(self, done: Pass, position: int) -> None:
        """Add the forward pass just done over the batch at `position`, before its backward pass."""
        self.losses[:, position] = done.sums
        self._score.add(done.loss, done.batch, position)

    def loss(self) -> Float64Array:
        """Return the mean loss per example (runs,)."""
        total: Float64Array = np.add.reduce(self.losses, axis=1)
        return total / self._rows

    def score(self) -> Float64Array:
        """Return accuracy, or R2 averaged over outputs (runs,)."""
        return self._score.value()
