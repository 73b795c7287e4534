"""Resilient propagation: each weight has a step of its own, and of its derivative only the sign counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.arrays import BoolArray, Float64Array, FloatArray
from core.configuration import Configuration
from core.layout import Layout
from core.optimizers.optimizer import Rule, State, column
from core.streams import Stream, generator


class _Resilient(Rule):
    """What both forms share: a step grows while the sign of its derivative stays, and shrinks when it turns.

    Signs are kept in place of derivatives: the product of two small ones would be 0 in float32.
    """

    rated: bool = False

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None:
        self._first = column([c.learning_rate for c in configurations], dtype)
        self._eta_plus = column([c.eta_plus for c in configurations], dtype)
        self._eta_minus = column([c.eta_minus for c in configurations], dtype)
        self._step_max = column([c.step_max for c in configurations], dtype)
        self._step_min = column([c.step_min for c in configurations], dtype)
        self._agreement: FloatArray | None = None
        self._same: BoolArray = np.empty(0, np.bool_)
        self._turned: BoolArray = np.empty(0, np.bool_)

    def set_rates(self, rates: Float64Array, before: Float64Array) -> None:
        """Change nothing: the learning rate is but the size of the first step."""

    def _adapt(self, sign: FloatArray, state: State, step: int) -> BoolArray:
        """Grow and shrink the steps, and return where the sign has turned; both good until the next call."""
        if self._agreement is None:
            self._agreement = np.empty_like(sign)
            self._same, self._turned = np.empty((2, *sign.shape), np.bool_)
        sizes = state["step_size"]
        if step == 1:  # a step of 0 was not drawn
            np.copyto(sizes, self._first, where=np.equal(sizes, 0.0, out=self._same))
        agreement = np.multiply(sign, state["last_sign"], out=self._agreement)
        np.greater(agreement, 0.0, out=self._same)
        np.less(agreement, 0.0, out=self._turned)
        np.multiply(sizes, self._eta_plus, out=sizes, where=self._same)
        np.multiply(sizes, self._eta_minus, out=sizes, where=self._turned)
        np.minimum(sizes, self._step_max, out=sizes)
        np.maximum(sizes, self._step_min, out=sizes)
        return self._turned


class Rprop(_Resilient):
    """Riedmiller and Braun (1993), Rprop+ in the words of Igel and Huesken (2003), Algorithm 1.

    Where the sign stays, or there is none to compare with: w -= sign(g) * step. Where it turns, the last
    change is undone, and the sign forgotten, so that the next one is compared with nothing.
    """

    state_names: tuple[str, ...] = ("step_size", "last_sign", "last_change")

    def update(self, parameters: FloatArray, gradient: FloatArray, state: State, step: int) -> FloatArray:
        """Go each weight's step, or back."""
        sign = np.sign(gradient, out=gradient)
        turned = self._adapt(sign, state, step)
        np.copyto(state["last_sign"], sign)
        np.copyto(state["last_sign"], 0.0, where=turned)
        change = np.multiply(sign, state["step_size"], out=gradient)
        np.negative(state["last_change"], out=change, where=turned)
        np.copyto(state["last_change"], change)
        np.subtract(parameters, change, out=parameters)
        return change


class IrpropMinus(_Resilient):
    """Igel and Huesken (2003), iRprop-, Algorithm 4; PyTorch's Rprop.

    w -= sign(g) * step. Where the sign turns, g counts as 0: the weight stays, and the next sign is compared
    with nothing.
    """

    state_names: tuple[str, ...] = ("step_size", "last_sign")

    def update(self, parameters: FloatArray, gradient: FloatArray, state: State, step: int) -> FloatArray:
        """Go each weight's step, but where its sign has turned."""
        sign = np.sign(gradient, out=gradient)
        turned = self._adapt(sign, state, step)
        np.copyto(sign, 0.0, where=turned)
        np.copyto(state["last_sign"], sign)
        change = np.multiply(sign, state["step_size"], out=gradient)
        np.subtract(parameters, change, out=parameters)
        return change


def draw_steps(configuration: Configuration, seed: int, layout: Layout) -> FloatArray:
    """Return one run's first steps (layout.width,), uniform from learning_rate to initial_step_max.

    Each layer draws from a generator of its own, weight before bias, in float64.
    """
    low = configuration.learning_rate
    high = configuration.initial_step_max or low
    drawn: dict[str, FloatArray] = {}
    for layer, (weight, bias) in enumerate(zip(layout.tensors[::2], layout.tensors[1::2], strict=True)):
        numbers = generator(seed, Stream.OPTIMIZER, layer=layer)
        drawn[weight.name] = numbers.uniform(low, high, weight.shape)
        drawn[bias.name] = numbers.uniform(low, high, bias.shape)
    return layout.pack(drawn, np.dtype(configuration.dtype))
