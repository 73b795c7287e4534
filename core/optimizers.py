"""An optimizer is an update of flat parameters; its state is an explicit value, so that it can be stored."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from core.arrays import FloatArray
from core.configuration import Configuration

State = dict[str, FloatArray]


class Optimizer(Protocol):
    """One update rule with the settings of every run of a population.

    Shapes:
        parameters, gradient, each array of the state  (runs, width)
    """

    state_names: tuple[str, ...]

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None: ...

    def update(self, parameters: FloatArray, gradient: FloatArray, state: State, step: int, /) -> None:
        """Change parameters and state in place, at step `step` counted from 1 since the run began.

        The gradient's memory is used up: it then holds the change that was subtracted from the parameters.
        """
        ...


class Sgd:
    """Gradient descent, w -= rate * g."""

    state_names: tuple[str, ...] = ()

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None:
        self._rate = _column([c.learning_rate for c in configurations], dtype)

    def update(self, parameters: FloatArray, gradient: FloatArray, _state: State, _step: int) -> None:
        """Descend along the gradient."""
        change = np.multiply(gradient, self._rate, out=gradient)
        np.subtract(parameters, change, out=parameters)


class Momentum:
    """Polyak (1964) in PyTorch's form: v = mu v + g, w -= rate * v."""

    state_names: tuple[str, ...] = ("velocity",)

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None:
        self._rate = _column([c.learning_rate for c in configurations], dtype)
        self._momentum = _column([c.momentum or 0.0 for c in configurations], dtype)

    def update(self, parameters: FloatArray, gradient: FloatArray, state: State, _step: int) -> None:
        """Descend along the velocity."""
        velocity = state["velocity"]
        np.multiply(velocity, self._momentum, out=velocity)
        np.add(velocity, gradient, out=velocity)
        change = np.multiply(velocity, self._rate, out=gradient)
        np.subtract(parameters, change, out=parameters)


class Nesterov:
    """Sutskever et al. (2013) in PyTorch's form: v = mu v + g, w -= rate * (g + mu v)."""

    state_names: tuple[str, ...] = ("velocity",)

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None:
        self._rate = _column([c.learning_rate for c in configurations], dtype)
        self._momentum = _column([c.momentum or 0.0 for c in configurations], dtype)
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


class Adam:
    """Kingma and Ba (2015), Algorithm 1, with the moments kept divided by 1 - beta, which saves three passes.

    The paper's m and v are (1 - beta1) m' and (1 - beta2) v', with m' = beta1 m' + g, v' = beta2 v' + g^2.
    With c = sqrt((1 - beta2) / (1 - beta2^t)) its step, rate * m^ / (sqrt(v^) + epsilon), becomes
    rate * (1 - beta1) / ((1 - beta1^t) c) * m' / (sqrt(v') + epsilon / c).
    """

    state_names: tuple[str, ...] = ("first_moment", "second_moment")

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None:
        self._dtype = dtype
        settings = [
            (c.learning_rate, c.beta1 or 0.0, c.beta2 or 0.0, c.epsilon or 0.0) for c in configurations
        ]
        self._rate = np.array([[rate] for rate, _, _, _ in settings])
        self._epsilon = np.array([[epsilon] for _, _, _, epsilon in settings])
        self._beta1 = _column([beta1 for _, beta1, _, _ in settings], dtype)
        self._beta2 = _column([beta2 for _, _, beta2, _ in settings], dtype)
        pairs = [(beta1, beta2) for _, beta1, beta2, _ in settings]
        self._pairs = sorted(set(pairs))
        self._pair_of_run = [self._pairs.index(pair) for pair in pairs]

    def update(self, parameters: FloatArray, gradient: FloatArray, state: State, step: int) -> None:
        """Descend along the first moment over the root of the second."""
        first, second = state["first_moment"], state["second_moment"]
        np.multiply(first, self._beta1, out=first)
        np.add(first, gradient, out=first)
        squares = np.multiply(gradient, gradient, out=gradient)
        np.multiply(second, self._beta2, out=second)
        np.add(second, squares, out=second)
        rate, epsilon = self._corrected(step)
        change = np.sqrt(second, out=gradient)
        np.add(change, epsilon, out=change)
        np.divide(first, change, out=change)
        np.multiply(change, rate, out=change)
        np.subtract(parameters, change, out=parameters)

    def _corrected(self, step: int) -> tuple[FloatArray, FloatArray]:
        """Return each run's rate and epsilon at this step (runs, 1), bias correction included.

        Powers are taken in Python, one pair of betas at a time: NumPy's may differ with an array's length.
        """
        scales = [math.sqrt((1.0 - beta2) / (1.0 - beta2**step)) for _, beta2 in self._pairs]
        rates = [
            (1.0 - beta1) / ((1.0 - beta1**step) * scale)
            for (beta1, _), scale in zip(self._pairs, scales, strict=True)
        ]
        rate = self._rate * np.array(rates)[self._pair_of_run][:, None]
        epsilon = self._epsilon / np.array(scales)[self._pair_of_run][:, None]
        return rate.astype(self._dtype), epsilon.astype(self._dtype)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": Sgd,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adam": Adam,
}


def initial_state(name: str, parameters: FloatArray) -> State:
    """Return the state before the first step: zeros, shaped like the parameters."""
    return {slot: np.zeros_like(parameters) for slot in OPTIMIZERS[name].state_names}


def _column(values: Sequence[float], dtype: np.dtype) -> FloatArray:
    return np.array(values, dtype=dtype)[:, None]
