"""Gradient descent, and its two forms with momentum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.arrays import FloatArray
from core.configuration import Configuration
from core.optimizers.optimizer import Rated, State, column


class Sgd(Rated):
    """Gradient descent, w -= rate * g."""

    state_names: tuple[str, ...] = ()

    def update(self, parameters: FloatArray, gradient: FloatArray, _state: State, _step: int) -> None:
        """Descend along the gradient."""
        change = np.multiply(gradient, self._rate, out=gradient)
        np.subtract(parameters, change, out=parameters)


class Momentum(Rated):
    """Polyak (1964) in PyTorch's form: v = mu v + g, w -= rate * v."""

    state_names: tuple[str, ...] = ("velocity",)

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None:
        super().__init__(configurations, dtype)
        self._momentum = column([c.momentum for c in configurations], dtype)

    def update(self, parameters: FloatArray, gradient: FloatArray, state: State, _step: int) -> None:
        """Descend along the velocity."""
        velocity = state["velocity"]
        np.multiply(velocity, self._momentum, out=velocity)
        np.add(velocity, gradient, out=velocity)
        change = np.multiply(velocity, self._rate, out=gradient)
        np.subtract(parameters, change, out=parameters)


class Nesterov(Rated):
    """Sutskever et al. (2013) in PyTorch's form: v = mu v + g, w -= rate * (g + mu v)."""

    state_names: tuple[str, ...] = ("velocity",)

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None:
        super().__init__(configurations, dtype)
        self._momentum = column([c.momentum for c in configurations], dtype)
        self._ahead: FloatArray | None = None

    def update(self, parameters: FloatArray, gradient: FloatArray, state: State, _step: int) -> None:
        """Descend along the gradient and the velocity that is yet to come."""
        if self._ahead is None:
            self._ahead = np.empty_like(gradient)
        velocity = state["velocity"]
        np.multiply(velocity, self._momentum, out=velocity)
        np.add(velocity, gradient, out=velocity)
        np.multiply(velocity, self._momentum, out=self._ahead)
        change = np.add(gradient, self._ahead, out=gradient)
        np.multiply(change, self._rate, out=change)
        np.subtract(parameters, change, out=parameters)
