"""In training, outputs of hidden layers are dropped by chance, and runs with one seed share that chance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from core.arrays import BoolArray, Float64Array, FloatArray
from core.streams import Stream, generator


class DropoutNumbers:
    """The numbers of one epoch: for each seed and hidden layer one generator, keyed by (seed, epoch, layer).

    A batch takes the next (batch, units) numbers of its layer, row by row: the batches of an epoch together
    see one draw of (training rows, units), of which no more than a batch is ever in memory. Runs with one
    seed compare their own probabilities with the same numbers, so that a higher one drops what a lower one
    does, and more.
    """

    def __init__(self, probabilities: Sequence[float], seeds: Sequence[int], layers: int) -> None:
        """Prepare for runs with these probabilities and seeds; the epoch is still to be said."""
        self.runs = len(seeds)
        self._layers = layers
        self._seeds = list(dict.fromkeys(seeds))
        # Neighbours with one seed are compared at once.
        self._groups: list[tuple[int, slice]] = []
        for seed, neighbours in groupby(range(self.runs), key=seeds.__getitem__):
            places = list(neighbours)
            self._groups.append((self._seeds.index(seed), slice(places[0], places[-1] + 1)))
        self._probability = np.array(probabilities)[:, None, None]
        self._generators: list[list[np.random.Generator]] = []

    @property
    def seeds(self) -> int:
        """How many seeds the runs have between them."""
        return len(self._seeds)

    @property
    def scale(self) -> Float64Array:
        """What outputs that stay are multiplied with, 1 / (1 - probability) (runs, 1, 1)."""
        scale: Float64Array = 1.0 / (1.0 - self._probability)
        return scale

    def begin(self, epoch: int) -> None:
        """Start the numbers of this epoch."""
        self._generators = [
            [generator(seed, Stream.DROPOUT, epoch, layer) for seed in self._seeds]
            for layer in range(self._layers)
        ]

    def keep(self, layer: int, numbers: Float64Array, stays: BoolArray) -> None:
        """Draw the next `numbers` (seeds, batch, units), and say which outputs stay (runs, batch, units)."""
        for place, source in enumerate(self._generators[layer]):
            source.random(out=numbers[place])
        for place, runs in self._groups:
            np.greater_equal(numbers[place], self._probability[runs], out=stays[runs])


class Dropout:
    """y_i = x_i / (1 - p) where it stays, 0 where it is dropped (Srivastava et al. 2014, inverted).

    Shapes:
        inputs, outputs  (runs, batch, units)
    """

    def __init__(
        self, numbers: DropoutNumbers, layer: int, shape: tuple[int, int, int], dtype: np.dtype
    ) -> None:
        """Prepare, with memory of its own: the activation's derivative needs its outputs as they were."""
        self._source, self._layer = numbers, layer
        self._numbers = np.empty((numbers.seeds, *shape[1:]))
        self._stays = np.empty(shape, np.bool_)
        self._scale = numbers.scale.astype(dtype)
        self._factors = np.empty(shape, dtype)
        self._outputs = np.empty(shape, dtype)

    def forward(self, inputs: FloatArray) -> FloatArray:
        """Drop some outputs of the layer and return the others, scaled."""
        self._source.keep(self._layer, self._numbers, self._stays)
        np.multiply(self._stays, self._scale, out=self._factors)
        return np.multiply(inputs, self._factors, out=self._outputs)

    # y_i = f_i x_i with a factor that is 0 or 1 / (1 - p), so dE/dx_i = f_i dE/dy_i.
    def backward(self, gradient: FloatArray) -> FloatArray:
        """Turn dE/dY into dE/dX in place, for the outputs that the last forward pass has dropped."""
        return np.multiply(gradient, self._factors, out=gradient)
