"""Losses of classes, on logits: each is fused with the activation that makes probabilities of them."""

from __future__ import annotations

import numpy as np

from core.arrays import BoolArray, FloatArray, empty
from core.batches import Batch
from core.compiled.program import Code
from core.losses.answers import Answers
from core.losses.loss import Scaled, sum_outputs


class _Logits(Scaled):
    """What these losses share: no target is a logit."""

    def residual(self) -> FloatArray:
        """Refuse: logits have no targets to be subtracted.

        Raises: NotImplementedError, always; these losses need classes, and R2 numbers.
        """
        raise NotImplementedError("a loss on logits has no residual")


class CrossEntropy(_Logits):
    """Softmax and E = -ln p^t together, on logits z: p^j = e^(z^j) / sum_k e^(z^k), t the right class.

    E = ln(sum_k e^(z^k - m)) + m - z^t for any m; m = max z keeps every power within range.
    dE/dz^j = p^j - [j = t]: of dE/dp^t = -1/p^t and dp^t/dz^j = p^t ([j = t] - p^j) the factor p^t cancels.
    """

    code: Code | None = Code.CROSS_ENTROPY

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype) -> None:
        runs, classes, batch = shape
        super().__init__(runs, 1.0 / batch, dtype)
        self.sums = np.empty(runs, dtype)
        self._targets = np.empty((0, 0, 0), dtype)
        self._outputs = self._targets
        self._answers = Answers(shape, dtype)
        self._powers = empty(shape, dtype)
        self._totals = np.empty((runs, 1, batch), dtype)
        self._logarithms = np.empty((runs, batch), dtype)
        self._losses = np.empty((runs, batch), dtype)
        self._ones = np.ones((1, 1, classes), dtype)

    def forward(self, outputs: FloatArray, batch: Batch) -> None:
        """Sum ln(sum_k e^(z^k - m)) + m - z^t over the batch."""
        self._outputs, self._targets = outputs, batch.targets
        self._answers.look(outputs, batch)
        largest, right = self._answers.largest, self._answers.right
        np.subtract(outputs, largest[:, None], out=self._powers)
        np.exp(self._powers, out=self._powers)
        np.matmul(self._ones, self._powers, out=self._totals)
        losses = np.subtract(largest, right, out=self._losses)
        np.add(losses, np.log(self._totals[:, 0], out=self._logarithms), out=losses)
        np.add.reduce(losses, axis=1, out=self.sums)

    def by_example(self) -> FloatArray:
        """Return what the forward pass has added up."""
        return self._losses

    def backward(self) -> FloatArray:
        """Return p^j - [j = t], divided by the batch size."""
        np.divide(self._powers, self._totals, out=self._powers)
        np.subtract(self._powers, self._targets, out=self._powers)
        return np.multiply(self._powers, self.scale, out=self._powers)

    def hits(self, batch: Batch, out: BoolArray) -> None:
        """Tell which examples are right, by what the forward pass has found."""
        self._answers.hits(self._outputs, batch, out, looked=True)


class BinaryCrossEntropy(_Logits):
    """Sigmoid and E = -(1/n) sum_j t^j ln p^j + (1 - t^j) ln(1 - p^j) together, on logits z.

    p = 1 / (1 + e^-z). Classes are one-hot targets, each output a yes or no of its own. For t = 0 or 1 a term
    is ln(1 + e^s) with s = (1 - 2t) z, which is max(s, 0) + ln(1 + e^-|z|), where no power overflows.
    dE/dz^j = (p^j - t^j) / n: of dE/dp = (p - t) / (p (1 - p)) and dp/dz = p (1 - p) the factors cancel.
    """

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype) -> None:
        runs, outputs, batch = shape
        super().__init__(runs, 1.0 / (batch * outputs), dtype)
        self.sums = np.empty(runs, dtype)
        self._outputs = np.empty((0, 0, 0), dtype)
        self._targets = self._outputs
        self._answers = Answers(shape, dtype)
        self._wrong = np.empty(shape, dtype)
        self._terms = np.empty(shape, dtype)
        self._flat = self._terms.reshape(runs, batch * outputs)
        self._n = outputs

    def forward(self, outputs: FloatArray, batch: Batch) -> None:
        """Sum (1/n) sum_j max(s^j, 0) + ln(1 + e^-|z^j|) over the batch."""
        self._outputs, self._targets = outputs, batch.targets
        wrong = np.multiply(outputs, batch.targets, out=self._wrong)
        np.multiply(wrong, -2.0, out=wrong)
        np.add(wrong, outputs, out=wrong)
        np.maximum(wrong, 0.0, out=wrong)
        terms = np.abs(outputs, out=self._terms)
        np.negative(terms, out=terms)
        np.exp(terms, out=terms)
        np.log1p(terms, out=terms)
        np.add(terms, wrong, out=terms)
        np.add.reduce(self._flat, axis=1, out=self.sums)
        np.divide(self.sums, self._n, out=self.sums)

    def by_example(self) -> FloatArray:
        """Return the mean of each example's terms."""
        losses: FloatArray = sum_outputs(self._terms) / self._n
        return losses

    def backward(self) -> FloatArray:
        """Return (p^j - t^j) / n, divided by the batch size; a power that overflows gives the right p, 0."""
        power = np.negative(self._outputs, out=self._terms)
        np.exp(power, out=power)
        np.add(power, 1.0, out=power)
        gradient = np.divide(1.0, power, out=power)
        np.subtract(gradient, self._targets, out=gradient)
        return np.multiply(gradient, self.scale, out=gradient)

    def hits(self, batch: Batch, out: BoolArray) -> None:
        """Tell which examples are right: the class with the largest logit is the most probable."""
        self._answers.hits(self._outputs, batch, out)
