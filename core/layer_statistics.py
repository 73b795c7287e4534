"""Each layer's gradient, weights and last update have a length; together they show where learning stops."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from core.arrays import Float64Array, FloatArray
from core.layout import Layout

SMALL_RATE = 1e-10  # below it squares of what was multiplied with the rate are not squared in float32


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

    def row(self, place: int) -> LayerStatistics:
        """Those of a single run."""
        one = slice(place, place + 1)
        return LayerStatistics(self.gradient_norm[one], self.weight_norm[one], self.update_ratio[one])


class Lengths(NamedTuple):
    """Euclidean lengths of an array (runs, layout.width).

    Shapes:
        layers  (runs, layers) float64
        whole   (runs,) float64
    """

    layers: Float64Array
    whole: Float64Array


class LayerRuler:
    """Measures arrays of a population (runs, layout.width), layer by layer and as a whole."""

    def __init__(self, layout: Layout) -> None:
        """Find where layers begin; the gaps between tensors are 0 and change no length."""
        starts = [tensor.start for tensor in layout.tensors[::2]]
        self._parts = [slice(start, stop) for start, stop in pairwise([*starts, layout.width])]

    def lengths(self, flat: FloatArray) -> Lengths:
        """Return the Euclidean lengths of each run's layers, and of all of them together."""
        squares = np.empty((flat.shape[0], len(self._parts)), flat.dtype)
        for layer, part in enumerate(self._parts):
            share = flat[:, part]
            np.vecdot(share, share, out=squares[:, layer])
        return _roots(squares.astype(np.float64))

    def lengths_before_rate(self, flat: FloatArray, rates: Float64Array) -> Lengths:
        """Return the lengths that gradients had before they were multiplied with the rates (runs,)."""
        layers, whole = self.lengths(flat)
        for row in np.flatnonzero(rates < SMALL_RATE):
            layers[row], whole[row] = (found[0] for found in self.lengths(flat[row].astype(np.float64)[None]))
        with np.errstate(all="ignore"):
            return Lengths(layers / rates[:, None], whole / rates)


def _roots(squares: Float64Array) -> Lengths:
    return Lengths(np.sqrt(squares), np.sqrt(np.add.reduce(squares, axis=1)))
