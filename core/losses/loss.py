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

    def by_example(self) -> FloatArray:
        """Return each example's loss (runs, batch), to be asked for before the backward pass."""
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
