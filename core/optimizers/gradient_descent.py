"""Gradient descent, and its two forms with momentum: linear in the gradient, which comes times the rate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.arrays import Float64Array, FloatArray
from core.compiled.program import Code, Descent
from core.configuration import Configuration
from core.optimizers.optimizer import Rule, State, column


class Sgd(Rule):
    """Gradient descent, w -= rate * g."""

    state_names: tuple[str, ...] = ()
    rated: bool = True
    is_compiled: bool = True

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None:
        """Keep nothing: all that a step needs is in its gradient."""

    def set_rates(self, rates: Float64Array, before: Float64Array) -> None:
        """Change nothing: the rate is in the gradient."""

    def update(self, parameters: FloatArray, gradient: FloatArray, _state: State, _step: int) -> FloatArray:
        """Descend along the gradient."""
        np.subtract(parameters, gradient, out=parameters)
        return gradient

    def compiled(self, _parameters: FloatArray, _gradient: FloatArray, _state: State) -> Descent:
        """Return the same for compiled code."""
        return Descent(Code.DESCEND)


class _WithVelocity(Rule):
    """PyTorch's velocity v = mu v + g, kept as u = rate * v, which saves a pass.

    When the rate changes from r to r', u = mu (r' / r) u + r' g. A rate of 0 has forgotten its velocity.
    """

    state_names: tuple[str, ...] = ("velocity",)
    rated: bool = True
    is_compiled: bool = True

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None:
        self._mu = np.array([c.momentum or 0.0 for c in configurations])
        self._momentum = column([c.momentum for c in configurations], dtype)
        self._kept = self._momentum.copy()

    def set_rates(self, rates: Float64Array, before: Float64Array) -> None:
        """Let the velocity grow as the rates (runs,) do."""
        growth = np.divide(rates, before, out=np.zeros_like(rates), where=before > 0.0)
        self._kept[:, 0] = self._mu * growth

    def _accelerate(self, gradient: FloatArray, state: State) -> FloatArray:
        velocity = np.multiply(state["velocity"], self._kept, out=state["velocity"])
        return np.add(velocity, gradient, out=velocity)


class Momentum(_WithVelocity):
    """Polyak (1964) in PyTorch's form: v = mu v + g, w -= rate * v."""

    def update(self, parameters: FloatArray, gradient: FloatArray, state: State, _step: int) -> FloatArray:
        """Descend along the velocity."""
        velocity = self._accelerate(gradient, state)
        np.subtract(parameters, velocity, out=parameters)
        return velocity

    def compiled(self, _parameters: FloatArray, _gradient: FloatArray, state: State) -> Descent:
        """Return the same for compiled code."""
        return Descent(Code.MOMENTUM, state["velocity"], (self._kept,))


class Nesterov(_WithVelocity):
    """Sutskever et al. (2013) in PyTorch's form: v = mu v + g, w -= rate * (g + mu v)."""

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None:
        super().__init__(configurations, dtype)
        self._ahead: FloatArray | None = None

    def update(self, parameters: FloatArray, gradient: FloatArray, state: State, _step: int) -> FloatArray:
        """Descend along the gradient and the velocity that is yet to come."""
        if self._ahead is None:
            self._ahead = np.empty_like(gradient)
        velocity = self._accelerate(gradient, state)
        np.multiply(velocity, self._momentum, out=self._ahead)
        change = np.add(gradient, self._ahead, out=gradient)
        np.subtract(parameters, change, out=parameters)
        return change

    def compiled(self, _parameters: FloatArray, _gradient: FloatArray, state: State) -> Descent:
        """Return the same for compiled code."""
        return Descent(Code.NESTEROV, state["velocity"], (self._kept, self._momentum))
