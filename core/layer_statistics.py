"""Each layer's gradient, weights and last update have a length; together they show where learning stops."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.arrays import Float64Array, FloatArray
from core.layout import Layout


@dataclass(frozen=True, eq=False)
class LayerStatistics:
    """What an epoch's last step did to every layer, weights and biases taken together as one vector.

    Shapes:
        all  (k, layers) float64

    `update_ratio` is the length of the change over the length of the parameters after it, as in the report;
    the squares of a run's gradient norms add up to that of its whole network.
    """

    gradient_norm: Float64Array
    weight_norm: Float64Array
    update_ratio: Float64Array


class LayerRuler:
    """Measures a population's layers around the last step of an epoch, in memory that stays where it is.

    Shapes:
        weights, gradients  (runs, layout.width); an update leaves its change where the gradients were
    """

    def __init__(self, layout: Layout, weights: FloatArray, gradients: FloatArray) -> None:
        """Find where layers begin; the gaps between tensors are 0 and change no length."""
        starts = [tensor.start for tensor in layout.tensors[::2]]
        parts = [slice(start, stop) for start, stop in pairwise([*starts, layout.width])]
        # One array for all three, because every call of NumPy weighs on an epoch of a few small steps.
        self._squares = np.empty((3, weights.shape[0], len(parts)), weights.dtype)
        self._gradients, self._weights, self._changes = (
            [(flat[:, part], squares[:, layer]) for layer, part in enumerate(parts)]
            for flat, squares in zip((gradients, weights, gradients), self._squares, strict=True)
        )

    def before_update(self) -> None:
        """Measure the gradients."""
        _square(self._gradients)

    def after_update(self) -> LayerStatistics:
        """Measure what the update made of them."""
        _square(self._weights)
        _square(self._changes)
        lengths = np.sqrt(self._squares.astype(np.float64))
        return LayerStatistics(lengths[0], lengths[1], lengths[2] / lengths[1])


def _square(shares: list[tuple[FloatArray, FloatArray]]) -> None:
    for share, square in shares:
        np.vecdot(share, share, out=square)
