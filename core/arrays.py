"""The array types that the core's signatures speak of, and memory that lies well in the cache."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]  # float32 or float64, as the configuration says
Float64Array = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

CACHE_LINE = 64  # bytes


def empty(shape: tuple[int, ...], dtype: np.dtype) -> FloatArray:
    """Return an array to be filled, which starts on a cache line.

    NumPy's own start anywhere. Measured: whole cache lines make an update a sixth faster, a product a
    fiftieth; bits do not depend on it.
    """
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    return memory[start : start + size].view(dtype).reshape(shape)


def aligned(array: FloatArray) -> FloatArray:
    """Return a copy that starts on a cache line."""
    copy = empty(array.shape, array.dtype)
    np.copyto(copy, array)
    return copy
