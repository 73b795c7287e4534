"""Activations as the service's networks have them, for forward passes of one network."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _sigmoid(x: Array) -> Array:
    # 1 / (1 + e^-x) overflows where x is far below 0; e^x / (1 + e^x) does where it is far above.
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, small) / (1.0 + small))


def _softmax(x: Array) -> Array:
    shifted = np.exp(x - x.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _elu(x: Array) -> Array:
    return np.asarray(np.where(x > 0, x, np.expm1(np.minimum(x, 0.0))))


def _gelu_tanh(x: Array) -> Array:
    # Hendrycks and Gimpel (2016), section 2.
    inner = np.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3))
    return np.asarray(0.5 * x * (1.0 + inner))


FUNCTIONS: Mapping[str, Callable[[Array], Array]] = {
    "identity": lambda x: x,
    "relu": lambda x: np.maximum(x, 0.0),
    "leaky_relu": lambda x: np.maximum(x, 0.01 * x),
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "softsign": lambda x: x / (1.0 + np.abs(x)),
    "elu": _elu,
    "gelu_tanh": _gelu_tanh,
    "softmax": _softmax,
}
