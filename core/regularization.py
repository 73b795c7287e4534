"""Penalties and clipping change the gradient before the optimizer sees it; decay stands beside its change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.arrays import Float64Array, FloatArray
from core.configuration import Configuration
from core.layout import Layout


class Penalty:
    """Of lambda1 sum |W| + (lambda2 / 2) sum W^2, over weights alone, dE/dW = lambda1 sign(W) + lambda2 W.

    Shapes:
        weights, gradients  (runs, layout.width), shared with whoever made them
    """

    def __init__(
        self,
        configurations: Sequence[Configuration],
        layout: Layout,
        weights: FloatArray,
        gradients: FloatArray,
    ) -> None:
        """Prepare; whether l1 and l2 are on is alike in all runs of a population, how strong is not."""
        self._l1 = _strengths([c.l1 for c in configurations], weights.dtype)
        self._l2 = _strengths([c.l2 for c in configurations], weights.dtype)
        self._weights = [tensors.weight for tensors in layout.views(weights)]
        self._gradients = [tensors.weight for tensors in layout.views(gradients)]
        self._scratch = [tensors.weight for tensors in layout.views(np.zeros_like(weights))]

    def add(self) -> None:
        """Add the derivative to the gradients."""
        for weight, gradient, scratch in zip(self._weights, self._gradients, self._scratch, strict=True):
            if self._l2 is not None:
                np.multiply(weight, self._l2, out=scratch)
                np.add(gradient, scratch, out=gradient)
            if self._l1 is not None:
                np.sign(weight, out=scratch)
                np.multiply(scratch, self._l1, out=scratch)
                np.add(gradient, scratch, out=gradient)


class Clipping:
    """Pascanu et al. (2013), Algorithm 1: a gradient longer than the threshold is shortened to it."""

    def __init__(self, configurations: Sequence[Configuration]) -> None:
        self._threshold = np.array([c.gradient_clip for c in configurations], dtype=np.float64)

    def shorten(self, gradients: FloatArray) -> None:
        """Shorten each run's row (runs, width) in place; one that is short enough keeps its bits."""
        length = lengths(gradients)
        # The squares of a finite number can be too large for one: clipping is made for just such rows.
        for row in np.flatnonzero(np.isinf(length)):
            length[row] = lengths(gradients[row].astype(np.float64)[None])[0]
            if np.isinf(length[row]) and np.isfinite(gradients[row]).all():  # in float64, too
                np.divide(gradients[row], np.abs(gradients[row]).max(), out=gradients[row])
                length[row] = lengths(gradients[row][None])[0]
                np.multiply(gradients[row], self._threshold[row] / length[row], out=gradients[row])
                length[row] = 0.0  # it is done
        scale = np.ones_like(length)
        np.divide(self._threshold, length, out=scale, where=length > self._threshold)
        np.multiply(gradients, scale.astype(gradients.dtype)[:, None], out=gradients)


class Decay:
    """Loshchilov and Hutter (2019), Algorithm 2, in PyTorch's form: rate * weight_decay * W, weights alone.

    Shapes:
        weights, gradients  (runs, layout.width), shared with whoever made them
    """

    def __init__(
        self,
        configurations: Sequence[Configuration],
        layout: Layout,
        weights: FloatArray,
        gradients: FloatArray,
    ) -> None:
        self._decay = np.array([c.weight_decay for c in configurations])
        self._weights, self._gradients = weights, gradients
        self._change = np.zeros_like(weights)  # of biases it stays 0
        self._parts = [
            (whole.weight, part.weight)
            for whole, part in zip(layout.views(weights), layout.views(self._change), strict=True)
        ]

    def measure(self, rates: Float64Array) -> None:
        """Compute the decay of the weights as they are, at these learning rates (runs,)."""
        strength = (rates * self._decay).astype(self._weights.dtype)[:, None, None]
        for weight, change in self._parts:
            np.multiply(weight, strength, out=change)

    def take(self, change: FloatArray) -> FloatArray:
        """Subtract it from the weights, and return it added to the optimizer's change, in `gradients`."""
        np.subtract(self._weights, self._change, out=self._weights)
        return np.add(change, self._change, out=self._gradients)


def lengths(flat: FloatArray) -> Float64Array:
    """Return the Euclidean length of each run's row (runs,)."""
    length: Float64Array = np.sqrt(np.vecdot(flat, flat).astype(np.float64))
    return length


def _strengths(values: Sequence[float], dtype: np.dtype) -> FloatArray | None:
    """Return one number for each run (runs, 1, 1), or None where they are off."""
    return np.array(values, dtype=dtype)[:, None, None] if any(values) else None
