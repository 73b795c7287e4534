"""A loss is evaluated and differentiated over all runs at once, as the mean over the batch."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from core.arrays import FloatArray, IntArray
from core.batches import Batch


class Loss(Protocol):
    """E and dE/d(outputs), for batches of one size.

    Shapes:
        outputs  (runs, batch, outputs)
        sums     (runs,) the loss of the last batch, summed over its examples
    """

    sums: FloatArray

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype) -> None: ...

    def forward(self, outputs: FloatArray, batch: Batch) -> None:
        """Fill `sums`; the outputs must stay as they are until the backward pass."""
        ...

    def backward(self) -> FloatArray:
        """Return dE/d(outputs), E being the mean over the batch of the last forward pass."""
        ...

    def predicted(self) -> IntArray:
        """Return the class with the largest output (runs, batch)."""
        ...

    def residual(self) -> FloatArray:
        """Return outputs - targets (runs, batch, outputs); to be asked before the backward pass."""
        ...


class SquaredError:
    """E = (1/n) sum_j (y^j - t^j)^2 over n outputs, averaged over the batch; dE/dy^j = 2 (y^j - t^j) / n.

    No factor 1/2 (the article, PyTorch, Keras). Classes are one-hot targets.
    """

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype) -> None:
        runs, batch, outputs = shape
        self.sums = np.empty(runs, dtype)
        self._outputs = np.empty((0, 0, 0), dtype)
        self._predicted = np.empty((runs, batch), np.int64)
        self._residual = np.empty(shape, dtype)
        self._flat = self._residual.reshape(runs, batch * outputs)
        self._n = outputs
        self._scale = 2.0 / (batch * outputs)

    def forward(self, outputs: FloatArray, batch: Batch) -> None:
        """Sum (1/n) sum_j (y^j - t^j)^2 over the batch."""
        self._outputs = outputs
        np.subtract(outputs, batch.targets, out=self._residual)
        np.vecdot(self._flat, self._flat, out=self.sums)
        np.divide(self.sums, self._n, out=self.sums)

    def backward(self) -> FloatArray:
        """Return 2 (y^j - t^j) / n, divided by the batch size."""
        return np.multiply(self._residual, self._scale, out=self._residual)

    def predicted(self) -> IntArray:
        """Return the class with the largest output."""
        return self._outputs.argmax(axis=2, out=self._predicted)

    def residual(self) -> FloatArray:
        """Return what the forward pass has subtracted."""
        return self._residual


class CrossEntropy:
    """Softmax and E = -ln p^t together, on logits z: p^j = e^(z^j) / sum_k e^(z^k), t the right class.

    E = ln(sum_k e^(z^k - m)) + m - z^t for any m; m = max z keeps every power within range.
    dE/dz^j = p^j - [j = t]: of dE/dp^t = -1/p^t and dp^t/dz^j = p^t ([j = t] - p^j) the factor p^t cancels.
    """

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype) -> None:
        runs, batch, classes = shape
        self.sums = np.empty(runs, dtype)
        self._predicted = np.empty((runs, batch), np.int64)
        self._powers = np.empty(shape, dtype)
        self._totals = np.empty((runs, batch, 1), dtype)
        self._largest = np.empty((runs, batch), dtype)
        self._right = np.empty((runs, batch), dtype)
        self._ones = np.ones((1, classes, 1), dtype)
        # Where each example's first logit stands when all logits of the population are one row.
        self._first = np.arange(runs * batch).reshape(runs, batch) * classes
        self._position = np.empty((runs, batch), np.int64)
        self._right_position = np.empty((runs, batch), np.int64)
        self._share = 1.0 / batch

    def forward(self, outputs: FloatArray, batch: Batch) -> None:
        """Sum ln(sum_k e^(z^k - m)) + m - z^t over the batch."""
        flat = outputs.reshape(-1)
        # The place of the largest logit is wanted for the score; a look-up there is cheaper than a maximum.
        outputs.argmax(axis=2, out=self._predicted)
        np.add(self._first, self._predicted, out=self._position)
        np.add(self._first, batch.classes, out=self._right_position)
        flat.take(self._position, out=self._largest, mode="clip")
        flat.take(self._right_position, out=self._right, mode="clip")
        np.subtract(outputs, self._largest[:, :, None], out=self._powers)
        np.exp(self._powers, out=self._powers)
        np.matmul(self._powers, self._ones, out=self._totals)
        losses = np.subtract(self._largest, self._right, out=self._right)
        np.add(losses, np.log(self._totals[:, :, 0], out=self._largest), out=losses)
        np.add.reduce(losses, axis=1, out=self.sums)

    def backward(self) -> FloatArray:
        """Return p^j - [j = t], divided by the batch size."""
        np.divide(self._share, self._totals, out=self._totals)
        np.multiply(self._powers, self._totals, out=self._powers)
        flat = self._powers.reshape(-1)
        right = flat.take(self._right_position, out=self._right, mode="clip")
        flat[self._right_position] = np.subtract(right, self._share, out=right)
        return self._powers

    def predicted(self) -> IntArray:
        """Return what the forward pass has found."""
        return self._predicted

    def residual(self) -> FloatArray:
        """Refuse: logits have no targets to be subtracted.

        Raises: NotImplementedError, always; cross-entropy needs classes, and R2 numbers.
        """
        raise NotImplementedError("cross_entropy has no residual")


LOSSES: dict[str, type[Loss]] = {"mse": SquaredError, "cross_entropy": CrossEntropy}
