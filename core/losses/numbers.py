"""Losses of the residual r = y - t between outputs and numbers; classes are one-hot targets."""

from __future__ import annotations

import numpy as np

from core.arrays import BoolArray, FloatArray, empty
from core.batches import Batch
from core.compiled.program import Code
from core.losses.answers import Answers
from core.losses.loss import Scaled, sum_outputs


class _Residual(Scaled):
    """What these losses share: r^j = y^j - t^j, and the mean over n outputs."""

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype, factor: float = 1.0) -> None:
        runs, outputs, batch = shape
        super().__init__(runs, factor / (batch * outputs), dtype)
        self.sums = np.empty(runs, dtype)
        self._outputs = np.empty((0, 0, 0), dtype)
        self._answers = Answers(shape, dtype)
        self._residual = empty(shape, dtype)
        self._flat = self._residual.reshape(runs, batch * outputs)
        self._n = outputs

    def hits(self, batch: Batch, out: BoolArray) -> None:
        """Tell which examples are right."""
        self._answers.hits(self._outputs, batch, out)

    def residual(self) -> FloatArray:
        """Return what the forward pass has subtracted."""
        return self._residual

    def _subtract(self, outputs: FloatArray, batch: Batch) -> None:
        self._outputs = outputs
        np.subtract(outputs, batch.targets, out=self._residual)


class SquaredError(_Residual):
    """E = (1/n) sum_j (y^j - t^j)^2 over n outputs, averaged over the batch; dE/dy^j = 2 (y^j - t^j) / n.

    No factor 1/2 (the article, PyTorch, Keras).
    """

    code: Code | None = Code.SQUARED_ERROR

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype) -> None:
        super().__init__(shape, dtype, factor=2.0)

    def forward(self, outputs: FloatArray, batch: Batch) -> None:
        """Sum (1/n) sum_j (y^j - t^j)^2 over the batch."""
        self._subtract(outputs, batch)
        np.vecdot(self._flat, self._flat, out=self.sums)
        np.divide(self.sums, self._n, out=self.sums)

    def by_example(self) -> FloatArray:
        """Return (1/n) sum_j (y^j - t^j)^2."""
        losses: FloatArray = sum_outputs(self._residual * self._residual) / self._n
        return losses

    def backward(self) -> FloatArray:
        """Return 2 (y^j - t^j) / n, divided by the batch size."""
        return np.multiply(self._residual, self.scale, out=self._residual)


class AbsoluteError(_Residual):
    """E = (1/n) sum_j |y^j - t^j| over n outputs, averaged over the batch.

    dE/dy^j = sign(y^j - t^j) / n, which is 0 at 0: of all slopes between -1 and 1 the one that PyTorch takes.
    """

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype) -> None:
        super().__init__(shape, dtype)
        self._sizes = np.empty_like(self._flat)

    def forward(self, outputs: FloatArray, batch: Batch) -> None:
        """Sum (1/n) sum_j |y^j - t^j| over the batch."""
        self._subtract(outputs, batch)
        np.abs(self._flat, out=self._sizes)
        np.add.reduce(self._sizes, axis=1, out=self.sums)
        np.divide(self.sums, self._n, out=self.sums)

    def by_example(self) -> FloatArray:
        """Return (1/n) sum_j |y^j - t^j|."""
        losses: FloatArray = sum_outputs(self._sizes.reshape(self._residual.shape)) / self._n
        return losses

    def backward(self) -> FloatArray:
        """Return sign(y^j - t^j) / n, divided by the batch size."""
        signs = np.sign(self._residual, out=self._residual)
        return np.multiply(signs, self.scale, out=signs)


class Huber(_Residual):
    """E = (1/n) sum_j h(y^j - t^j), h(r) = r^2 / 2 up to |r| = 1 and |r| - 1/2 beyond (Huber 1964, delta 1).

    With c = r, but no farther from 0 than 1: h(r) = c (r - c / 2) on both sides of 1, and h'(r) = c.
    """

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype) -> None:
        super().__init__(shape, dtype)
        self._near = np.empty_like(self._residual)
        self._rest = np.empty_like(self._residual)
        self._near_flat = self._near.reshape(self._flat.shape)
        self._rest_flat = self._rest.reshape(self._flat.shape)

    def forward(self, outputs: FloatArray, batch: Batch) -> None:
        """Sum (1/n) sum_j c^j (r^j - c^j / 2) over the batch."""
        self._subtract(outputs, batch)
        np.minimum(self._residual, 1.0, out=self._near)
        np.maximum(self._near, -1.0, out=self._near)
        np.multiply(self._near, 0.5, out=self._rest)
        np.subtract(self._residual, self._rest, out=self._rest)
        np.vecdot(self._near_flat, self._rest_flat, out=self.sums)
        np.divide(self.sums, self._n, out=self.sums)

    def by_example(self) -> FloatArray:
        """Return (1/n) sum_j c^j (r^j - c^j / 2)."""
        losses: FloatArray = sum_outputs(self._near * self._rest) / self._n
        return losses

    def backward(self) -> FloatArray:
        """Return c^j / n, divided by the batch size."""
        return np.multiply(self._near, self.scale, out=self._near)
