"""A pass takes one batch of every run through the network and its loss, in memory that it prepared once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.arrays import Float64Array, FloatArray
from core.batches import Batch
from core.compiled.network import Update
from core.compiled.work import Work
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
        shape = (weights.shape[0], layout.sizes[-1], size)
        self.loss = LOSSES[configuration.loss](shape, weights.dtype)
        self._class_weights = class_weights
        self._example_weights = np.empty((0, size), weights.dtype)
        self._runs = np.arange(weights.shape[0])[:, None]
        self._work: Work | None = None
        self.counted: Work | None = None  # where a compiled loss counts what makes a score
        if self.network.compiled is not None:
            kernel, network = self.network.compiled
            self._work = Work(
                kernel,
                network,
                shape,
                weights.dtype,
                code=self.loss.code,
                scale=self.loss.scale,
                class_weights=class_weights,
                lose=self._lose,
            )
            self.counted = self._work if self.loss.code is not None else None

    def forward(self, batch: Batch) -> None:
        """Set `outputs` and the loss to those of a batch."""
        self.batch = batch
        if self._work is None:
            self._look(self.network.forward(batch.inputs))
            return
        self._work.forward(batch)
        self._take_work()
        if self.counted is None:
            self._look(self.outputs)

    def backward(self) -> None:
        """Fill the gradients with the derivatives of the mean loss over the last batch.

        They are multiplied with the factors that the loss was given.
        """
        if self._work is None:
            self.network.backward(self._derivative())
        else:
            gradient = self._derivative() if self.counted is None else self.counted.gradient
            self._work.backward(gradient, self.batch)

    @property
    def learns_at_once(self) -> bool:
        """Whether several batches can be learned in one go; it shows after the first with an update."""
        return self.counted is not None and self.counted.learns_at_once

    def learn(
        self, batches: Sequence[Batch], tally: Tally, position: int, update: Update | None = None
    ) -> None:
        """Go forward and backward over the batches from `position` on, and tell the tally of each.

        With `update`, which compiled networks alone take, the weights are changed by the gradients at once,
        and nobody can read them. Several batches go with it alone, and where `learns_at_once`.
        """
        self.batch, self._tally, self._position = batches[-1], tally, position
        if self._work is None:
            self.forward(self.batch)
            tally.add(self, position)
            self.backward()
            return
        self._work.learn(batches, update)
        if self.counted is not None:
            self._take_work()
            tally.count(self.counted, len(batches), position)

    def _take_work(self) -> None:
        assert self._work is not None  # noqa: S101 - asked before
        self.outputs = self._work.outputs
        if self.counted is not None:
            self.sums = self.counted.sums[0]

    def _lose(self, outputs: FloatArray) -> FloatArray:
        """What NumPy does between the forward and the backward pass while a compiled network learns."""
        self._look(outputs)
        self._tally.add(self, self._position)
        return self._derivative()

    def _look(self, outputs: FloatArray) -> None:
        self.outputs = outputs
        self.loss.forward(outputs, self.batch)
        self.sums = self.loss.sums
        if self._class_weights is not None:
            self._example_weights = self._class_weights[self._runs, self.batch.classes]
            self.sums = np.vecdot(self._example_weights, self.loss.by_example())

    def _derivative(self) -> FloatArray:
        gradient = self.loss.backward()
        if self._class_weights is not None:
            np.multiply(gradient, self._example_weights[:, None], out=gradient)
        return gradient


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
        if done.counted is not None:
            self.count(done.counted, 1, position)
            return
        self.losses[:, position] = done.sums
        self._score.add(done.loss, done.batch, position)

    def count(self, work: Work, batches: int, position: int) -> None:
        """Add what compiled code has counted of so many batches from `position` on."""
        self.losses[:, position : position + batches] = work.sums[:batches].T
        self._score.count(work.hits[:batches], work.by_output[:batches], position)

    def loss(self) -> Float64Array:
        """Return the mean loss per example (runs,)."""
        total: Float64Array = np.add.reduce(self.losses, axis=1)
        return total / self._rows

    def score(self) -> Float64Array:
        """Return accuracy, or R2 averaged over outputs (runs,)."""
        return self._score.value()
