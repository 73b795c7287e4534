"""Optimizers that divide each weight's step by the size that its derivatives have had."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.arrays import Float64Array, FloatArray
from core.compiled.program import AT_ONCE, Code, Step, each
from core.configuration import Configuration
from core.optimizers.optimizer import Rule, State, WithRate, column


class Adagrad(WithRate):
    """Duchi et al. (2011) in PyTorch's form: s += g^2 from 0, w -= rate * g / (sqrt(s) + epsilon)."""

    state_names: tuple[str, ...] = ("squares",)

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None:
        super().__init__(configurations, dtype)
        self._epsilon = column([c.epsilon for c in configurations], dtype)
        self._scratch: FloatArray | None = None

    def update(self, parameters: FloatArray, gradient: FloatArray, state: State, _step: int) -> FloatArray:
        """Descend along the gradient over the root of all squares so far."""
        if self._scratch is None:
            self._scratch = np.empty_like(gradient)
        squares, scratch = state["squares"], self._scratch
        np.square(gradient, out=scratch)
        np.add(squares, scratch, out=squares)
        return _descend(parameters, gradient, squares, scratch, self._epsilon, self._rate)


class RmsProp(WithRate):
    """Tieleman and Hinton (2012, lecture 6.5), in PyTorch's form, neither centered nor with momentum.

    s = decay s + (1 - decay) g^2, w -= rate * g / (sqrt(s) + epsilon).
    """

    state_names: tuple[str, ...] = ("mean_square",)

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None:
        super().__init__(configurations, dtype)
        self._epsilon = column([c.epsilon for c in configurations], dtype)
        self._decay = column([c.decay for c in configurations], dtype)
        self._fresh = column([1.0 - (c.decay or 0.0) for c in configurations], dtype)
        self._scratch: FloatArray | None = None

    def update(self, parameters: FloatArray, gradient: FloatArray, state: State, _step: int) -> FloatArray:
        """Descend along the gradient over the root of its mean square."""
        if self._scratch is None:
            self._scratch = np.empty_like(gradient)
        squares, scratch = state["mean_square"], self._scratch
        np.square(gradient, out=scratch)
        np.multiply(scratch, self._fresh, out=scratch)
        np.multiply(squares, self._decay, out=squares)
        np.add(squares, scratch, out=squares)
        return _descend(parameters, gradient, squares, scratch, self._epsilon, self._rate)


class Adam(Rule):
    """Kingma and Ba (2015), Algorithm 1, with the moments kept divided by 1 - beta, which saves three passes.

    The paper's m and v are (1 - beta1) m' and (1 - beta2) v', with m' = beta1 m' + g, v' = beta2 v' + g^2.
    With c = sqrt((1 - beta2) / (1 - beta2^t)) its step, rate * m^ / (sqrt(v^) + epsilon), becomes
    rate * (1 - beta1) / ((1 - beta1^t) c) * m' / (sqrt(v') + epsilon / c). It is AdamW's too: what Loshchilov
    and Hutter (2019) add, the decay, knows nothing of gradients and stands beside it, in core.regularization.
    """

    state_names: tuple[str, ...] = ("first_moment", "second_moment")
    rated: bool = False
    is_compiled: bool = True

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None:
        self._dtype = dtype
        float64 = np.dtype(np.float64)
        self._rate = column([c.learning_rate for c in configurations], float64)
        self._epsilon = column([c.epsilon for c in configurations], float64)
        self._beta1 = column([c.beta1 for c in configurations], dtype)
        self._beta2 = column([c.beta2 for c in configurations], dtype)
        pairs = [(c.beta1 or 0.0, c.beta2 or 0.0) for c in configurations]
        self._pairs = sorted(set(pairs))
        self._pair_of_run = [self._pairs.index(pair) for pair in pairs]
        # Of this step and those that may follow it in one go.
        self._step_rates, self._step_epsilons = np.empty((2, AT_ONCE, len(configurations), 1), dtype)

    def set_rates(self, rates: Float64Array, _before: Float64Array) -> None:
        """Take these learning rates (runs,)."""
        self._rate[:, 0] = rates

    def update(self, parameters: FloatArray, gradient: FloatArray, state: State, step: int) -> FloatArray:
        """Descend along the first moment over the root of the second."""
        first, second = state["first_moment"], state["second_moment"]
        np.multiply(first, self._beta1, out=first)
        np.add(first, gradient, out=first)
        squares = np.square(gradient, out=gradient)
        np.multiply(second, self._beta2, out=second)
        np.add(second, squares, out=second)
        self.prepare(step, 1)
        change = np.sqrt(second, out=gradient)
        np.add(change, self._step_epsilons[0], out=change)
        np.divide(first, change, out=change)
        np.multiply(change, self._step_rates[0], out=change)
        np.subtract(parameters, change, out=parameters)
        return change

    def compiled(self, parameters: FloatArray, gradient: FloatArray, state: State) -> Step:
        """Return the same as a compiled step."""
        moments = state["first_moment"], state["second_moment"]
        numbers, of_batch = (self._beta1, self._beta2), (self._step_rates, self._step_epsilons)
        return each(Code.ADAM, parameters, gradient, *moments, numbers=numbers, of_batch=of_batch)

    def prepare(self, step: int, steps: int) -> None:
        """Set each run's rates and epsilons to those of these steps, bias correction included.

        Powers are taken in Python, one pair of betas at a time: NumPy's may differ with an array's length.
        """
        for place in range(steps):
            count = step + place
            scales = [math.sqrt((1.0 - beta2) / (1.0 - beta2**count)) for _, beta2 in self._pairs]
            rates = [
                (1.0 - beta1) / ((1.0 - beta1**count) * scale)
                for (beta1, _), scale in zip(self._pairs, scales, strict=True)
            ]
            self._step_rates[place] = self._rate * np.array(rates)[self._pair_of_run][:, None]
            self._step_epsilons[place] = self._epsilon / np.array(scales)[self._pair_of_run][:, None]


def _descend(
    parameters: FloatArray,
    gradient: FloatArray,
    squares: FloatArray,
    scratch: FloatArray,
    epsilon: FloatArray,
    rate: FloatArray,
) -> FloatArray:
    """Subtract rate * gradient / (sqrt(squares) + epsilon), and return it in the gradient's memory."""
    np.sqrt(squares, out=scratch)
    np.add(scratch, epsilon, out=scratch)
    change = np.divide(gradient, scratch, out=gradient)
    np.multiply(change, rate, out=change)
    np.subtract(parameters, change, out=parameters)
    return change
