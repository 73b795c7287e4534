"""A loss is evaluated and differentiated over all runs at once, as the mean over the batch."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from core.arrays import BoolArray, Float64Array, FloatArray
from core.batches import Batch
from core.compiled.program import Code


class Loss(Protocol):
    """E and dE/d(outputs), for batches of one size.

    Shapes:
        outputs  (runs, outputs, batch)
        sums     (runs,) the loss of the last batch, summed over its examples
    """

    sums: FloatArray
    scale: FloatArray  # (runs, 1, 1) what each run's derivative is multiplied with
    code: Code | None  # of the compiled step that does the same, if there is one

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype) -> None: ...

    def set_factors(self, factors: Float64Array) -> None:
        """Multiply each run's derivative from now on with its factor (runs,); at first they are 1."""
        ...

    def forward(self, outputs: FloatArray, batch: Batch) -> None:
        """Fill `sums`; the outputs must stay as they are until the backward pass."""
        ...

    def by_example(self) -> FloatArray:
        """Return each example's loss (runs, batch), to be asked for before the backward pass."""
        ...

    def backward(self) -> FloatArray:
        """Return dE/d(outputs) times the factor, E being the mean over the batch of the last forward pass."""
        ...

    def hits(self, batch: Batch, out: BoolArray) -> None:
        """Tell which examples of the last forward pass are right (runs, batch), before the backward pass.

        Right is whose class has the largest output; of equal outputs, the first counts.
        """
        ...

    def residual(self) -> FloatArray:
        """Return outputs - targets (runs, outputs, batch); to be asked before the backward pass."""
        ...


class Scaled:
    """What losses share: a number for each run that their derivative is multiplied with.

    Shapes:
        scale  (runs, 1, 1), the run's factor over the number of terms that the loss is the mean of
    """

    code: Code | None = None

    def __init__(self, runs: int, share: float, dtype: np.dtype) -> None:
        self._share = share
        self.scale = np.full((runs, 1, 1), share, dtype)

    def set_factors(self, factors: Float64Array) -> None:
        """Multiply each run's derivative from now on with its factor (runs,)."""
        self.scale[:, 0, 0] = factors * self._share


def sum_outputs(terms: FloatArray) -> FloatArray:
    """Return terms (runs, outputs, batch) summed over the outputs (runs, batch).

    A product with ones adds the same numbers in the same order whatever else there is; a reduction over an
    axis in the middle does not promise it.
    """
    total: FloatArray = np.matmul(np.ones((1, 1, terms.shape[1]), terms.dtype), terms)[:, 0]
    return total
