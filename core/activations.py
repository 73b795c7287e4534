"""Activation functions work in place, because the layer before them needs its own outputs no more."""

from __future__ import annotations

import math
from functools import cache
from typing import Protocol

import numpy as np

from core.arrays import FloatArray, empty

LEAKY_SLOPE = 0.01
GELU_CUBIC = 0.044715  # Hendrycks and Gimpel (2016), section 2
GELU_SCALE = math.sqrt(2.0 / math.pi)


class ActivationFunction(Protocol):
    """s, applied to every number on its own; most derivatives are written in y = s(x), and x is not kept.

    Shapes:
        x, y, dE/dx, dE/dy  all alike
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None: ...

    def forward(self, x: FloatArray) -> FloatArray:
        """Return s(x), in the memory of x where that can be."""
        ...

    def backward(self, gradient: FloatArray) -> FloatArray:
        """Turn dE/dy into dE/dx = s'(x) dE/dy, in place, for the x of the last forward pass."""
        ...


class Identity:
    """s(x) = x."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        pass

    def forward(self, x: FloatArray) -> FloatArray:
        """Return x."""
        return x

    def backward(self, gradient: FloatArray) -> FloatArray:
        """Return dE/dy, which is dE/dx."""
        return gradient


class Relu:
    """s(x) = max(0, x), s'(x) = 1 where x > 0 and 0 elsewhere; s'(0) = 0 by choice."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        # Measured: against an array of zeros the maximum is four times as fast as against a scalar.
        self._zeros = empty(shape, dtype)
        self._zeros.fill(0.0)
        # The bits of a number, read as an integer of its size, have its sign, and are 0 for 0.0 alone.
        self._integer = np.dtype(f"i{dtype.itemsize}")
        self._one = np.ones(shape, self._integer) if _keeps_negative_zeros(dtype) else None
        self._y = self._zeros

    def forward(self, x: FloatArray) -> FloatArray:
        """Return max(0, x)."""
        self._y = np.maximum(x, self._zeros, out=x)
        return self._y

    def backward(self, gradient: FloatArray) -> FloatArray:
        """Keep the derivative where y > 0, which is where x > 0; y is used up.

        Measured: bits times 0 or 1 take half the time of floats times truth values. Where y is NaN, whatever
        its bits make of the derivative, the run's loss is NaN, too.
        """
        slope = self._y.view(self._integer)
        if self._one is None:
            np.sign(slope, out=slope)
        else:  # -0.0, the least integer, times anything is 0.0 or -0.0
            np.minimum(slope, self._one, out=slope)
        bits = gradient.view(self._integer)
        np.multiply(bits, slope, out=bits)
        return gradient


@cache
def _keeps_negative_zeros(dtype: np.dtype) -> bool:
    """Tell whether max(-0.0, 0.0) is -0.0 here: IEEE 754 allows it, and no processor that we know does it."""
    lengths = range(1, 130)  # all ways in which vectors and what is left over can be cut
    return any(np.signbit(np.maximum(np.full(n, -0.0, dtype), np.zeros(n, dtype))).any() for n in lengths)


class _Smooth:
    """What the functions below share: the last output and one array to work in."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self._scratch = empty(shape, dtype)
        self._y = self._scratch


class LeakyRelu(_Smooth):
    """s(x) = max(x, 0.01 x), s'(x) = 1 where x > 0 and 0.01 elsewhere."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        super().__init__(shape, dtype)
        self._positive = np.empty(shape, np.bool_)

    def forward(self, x: FloatArray) -> FloatArray:
        """Return max(x, 0.01 x)."""
        np.multiply(x, LEAKY_SLOPE, out=self._scratch)
        self._y = np.maximum(x, self._scratch, out=x)
        return self._y

    def backward(self, gradient: FloatArray) -> FloatArray:
        """Multiply by 1 where y > 0 and by 0.01 elsewhere."""
        slope = self._scratch
        np.copyto(slope, np.greater(self._y, 0.0, out=self._positive))
        np.maximum(slope, LEAKY_SLOPE, out=slope)
        return np.multiply(gradient, slope, out=gradient)


class Tanh(_Smooth):
    """s(x) = tanh x, s'(x) = 1 - y^2."""

    def forward(self, x: FloatArray) -> FloatArray:
        """Return tanh x."""
        self._y = np.tanh(x, out=x)
        return self._y

    def backward(self, gradient: FloatArray) -> FloatArray:
        """Multiply by 1 - y^2."""
        slope = np.multiply(self._y, self._y, out=self._scratch)
        np.subtract(1.0, slope, out=slope)
        return np.multiply(gradient, slope, out=gradient)


class Sigmoid(_Smooth):
    """s(x) = 1 / (1 + e^-x), s'(x) = y (1 - y)."""

    def forward(self, x: FloatArray) -> FloatArray:
        """Return 1 / (1 + e^-x); a power that overflows gives the right limit, 0."""
        np.negative(x, out=x)
        np.exp(x, out=x)
        np.add(x, 1.0, out=x)
        self._y = np.divide(1.0, x, out=x)
        return self._y

    def backward(self, gradient: FloatArray) -> FloatArray:
        """Multiply by y (1 - y)."""
        slope = np.subtract(1.0, self._y, out=self._scratch)
        np.multiply(slope, self._y, out=slope)
        return np.multiply(gradient, slope, out=gradient)


class Softsign(_Smooth):
    """s(x) = x / (1 + |x|), s'(x) = 1 / (1 + |x|)^2 = (1 - |y|)^2."""

    def forward(self, x: FloatArray) -> FloatArray:
        """Return x / (1 + |x|)."""
        np.abs(x, out=self._scratch)
        np.add(self._scratch, 1.0, out=self._scratch)
        self._y = np.divide(x, self._scratch, out=x)
        return self._y

    def backward(self, gradient: FloatArray) -> FloatArray:
        """Multiply by (1 - |y|)^2."""
        slope = np.abs(self._y, out=self._scratch)
        np.subtract(1.0, slope, out=slope)
        np.multiply(slope, slope, out=slope)
        return np.multiply(gradient, slope, out=gradient)


class Elu(_Smooth):
    """s(x) = x where x > 0 and e^x - 1 elsewhere; s'(x) = 1 where x > 0 and y + 1 elsewhere."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        super().__init__(shape, dtype)
        self._zeros = np.zeros(shape, dtype)

    def forward(self, x: FloatArray) -> FloatArray:
        """Return max(x, 0) + (e^min(x, 0) - 1), one of which is 0."""
        below = np.minimum(x, self._zeros, out=self._scratch)
        np.expm1(below, out=below)
        np.maximum(x, self._zeros, out=x)
        self._y = np.add(x, below, out=x)
        return self._y

    def backward(self, gradient: FloatArray) -> FloatArray:
        """Multiply by min(y, 0) + 1."""
        slope = np.minimum(self._y, self._zeros, out=self._scratch)
        np.add(slope, 1.0, out=slope)
        return np.multiply(gradient, slope, out=gradient)


class GeluTanh(_Smooth):
    """s(x) = x (1 + t) / 2 with t = tanh(c (x + 0.044715 x^3)), c = sqrt(2 / pi); two x can share a y.

    s'(x) = (1 + t) / 2 + x (1 - t^2) c (1 + 3 * 0.044715 x^2) / 2.
    """

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        super().__init__(shape, dtype)
        self._tanh = np.empty(shape, dtype)
        self._y = np.empty(shape, dtype)
        self._x = self._scratch

    def forward(self, x: FloatArray) -> FloatArray:
        """Return x (1 + t) / 2 in memory of its own."""
        self._x = x
        t = np.multiply(x, x, out=self._tanh)
        np.multiply(t, GELU_CUBIC, out=t)
        np.add(t, 1.0, out=t)
        np.multiply(t, x, out=t)
        np.multiply(t, GELU_SCALE, out=t)
        np.tanh(t, out=t)
        np.add(t, 1.0, out=self._y)
        np.multiply(self._y, x, out=self._y)
        return np.multiply(self._y, 0.5, out=self._y)

    def backward(self, gradient: FloatArray) -> FloatArray:
        """Multiply by s'(x), from x and t as the forward pass left them."""
        slope, t = self._scratch, self._tanh
        np.multiply(self._x, self._x, out=slope)
        np.multiply(slope, 3.0 * GELU_CUBIC, out=slope)
        np.add(slope, 1.0, out=slope)
        np.multiply(slope, self._x, out=slope)
        np.multiply(slope, GELU_SCALE, out=slope)
        np.multiply(t, t, out=self._y)  # y is spent: the gradient that arrives here was made from it
        np.subtract(1.0, self._y, out=self._y)
        np.multiply(slope, self._y, out=slope)
        np.add(slope, t, out=slope)
        np.add(slope, 1.0, out=slope)
        np.multiply(slope, 0.5, out=slope)
        return np.multiply(gradient, slope, out=gradient)


FUNCTIONS: dict[str, type[ActivationFunction]] = {
    "identity": Identity,
    "relu": Relu,
    "leaky_relu": LeakyRelu,
    "tanh": Tanh,
    "sigmoid": Sigmoid,
    "softsign": Softsign,
    "elu": Elu,
    "gelu_tanh": GeluTanh,
}
