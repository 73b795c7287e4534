"""A loss is evaluated and differentiated over all runs at once; its derivative is that of the mean over the batch."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from core.arrays import FloatArray, IntArray
from core.batches import Batch


class Loss(Protocol):
    """E and dE/d(outputs), for batches of one size.

    Shapes:
        outputs    (runs, batch, outputs)
        sums       (runs,) the loss of the last batch, summed over its examples
        predicted  (runs, batch) the class with the largest output, where the loss has found it already
        residual   (runs, batch, outputs) outputs - targets, where the loss has them already (until `backward`)
    """

    sums: FloatArray
    predicted: IntArray | None
    residual: FloatArray | None

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype) -> None: ...

    def forward(self, outputs: FloatArray, batch: Batch) -> None:
        """Fill `sums` and whatever else is named above."""
        ...

    def backward(self) -> FloatArray:
        """Return dE/d(outputs), E being the mean over the batch of the last forward pass."""
        ...


class SquaredError:
    """E = (1/n) sum_j (y^j - t^j)^2 over n outputs, averaged over the batch; dE/dy^j = 2 (y^j - t^j) / n.

    No factor 1/2 (the article, PyTorch, Keras). Classes are one-hot targets.
    """

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype) -> None:
        runs, batch, outputs = shape
        self.sums = np.empty(runs, dtype)
        self.predicted: IntArray | None = None
        self.residual: FloatArray | None = np.empty(shape, dtype)
        self._residual = self.residual
        self._flat = self.residual.reshape(runs, batch * outputs)
        self._outputs = outputs
        self._scale = 2.0 / (batch * outputs)

    def forward(self, outputs: FloatArray, batch: Batch) -> None:
        np.subtract(outputs, batch.targets, out=self._residual)
        np.vecdot(self._flat, self._flat, out=self.sums)
        np.divide(self.sums, self._outputs, out=self.sums)

    def backward(self) -> FloatArray:
        return np.multiply(self._residual, self._scale, out=self._residual)


class CrossEntropy:
    """Softmax and E = -ln p^t together, on logits z: p^j = e^(z^j) / sum_k e^(z^k), t the right class.

    E = ln(sum_k e^(z^k - m)) + m - z^t for any m; m = max z keeps every power within range.
    dE/dz^j = p^j - [j = t]: of dE/dp^t = -1/p^t and dp^t/dz^j = p^t ([j = t] - p^j) the factor p^t cancels.
    """

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype) -> None:
        runs, batch, classes = shape
        self.sums = np.empty(runs, dtype)
        self.predicted: IntArray | None = np.empty((runs, batch), np.int64)
        self.residual: FloatArray | None = None
        self._predicted = self.predicted
        self._powers = np.empty(shape, dtype)
        self._totals = np.empty((runs, batch, 1), dtype)
        self._largest = np.empty((runs, batch), dtype)
        self._right = np.empty((runs, batch), dtype)
        self._ones = np.ones((1, classes, 1), dtype)
        # Position of each example's first logit, when all logits of the population stand in one row.
        self._first = np.arange(runs * batch).reshape(runs, batch) * classes
        self._position = np.empty((runs, batch), np.int64)
        self._right_position = np.empty((runs, batch), np.int64)
        self._share = 1.0 / batch

    def forward(self, outputs: FloatArray, batch: Batch) -> None:
        flat = outputs.reshape(-1)
        np.argmax(outputs, axis=2, out=self._predicted)
        np.add(self._first, self._predicted, out=self._position)
        np.add(self._first, batch.classes, out=self._right_position)
        flat.take(self._position, out=self._largest, mode="clip")
        flat.take(self._right_position, out=self._right, mode="clip")
        np.subtract(outputs, self._largest[:, :, None], out=self._powers)
        np.exp(self._powers, out=self._powers)
        np.matmul(self._powers, self._ones, out=self._totals)
        examples = np.subtract(self._largest, self._right, out=self._right)
        np.add(examples, np.log(self._totals[:, :, 0], out=self._largest), out=examples)
        np.add.reduce(examples, axis=1, out=self.sums)

    def backward(self) -> FloatArray:
        np.divide(self._share, self._totals, out=self._totals)
        np.multiply(self._powers, self._totals, out=self._powers)
        flat = self._powers.reshape(-1)
        right = flat.take(self._right_position, out=self._right, mode="clip")
        flat[self._right_position] = np.subtract(right, self._share, out=right)
        return self._powers


LOSSES: dict[str, type[Loss]] = {"mse": SquaredError, "cross_entropy": CrossEntropy}
