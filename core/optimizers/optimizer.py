"""An optimizer is an update of flat parameters; its state is an explicit value, so that it can be stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from core.arrays import Float64Array, FloatArray
from core.compiled.program import Descent, Step
from core.configuration import Configuration

State = dict[str, FloatArray]


class Optimizer(Protocol):
    """One update rule with the settings of every run of a population.

    Where the rule is linear in the gradient it takes it multiplied with the learning rate (`rated`): in a
    network that costs nothing, since the loss multiplies its derivative with a number anyway.

    Shapes:
        parameters, gradient, each array of the state  (runs, width)
    """

    state_names: tuple[str, ...]
    rated: bool
    is_compiled: bool

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None: ...

    def set_rates(self, rates: Float64Array, before: Float64Array) -> None:
        """Take these learning rates (runs,), and those of the step before.

        Until then both are the configurations'.
        """
        ...

    def update(self, parameters: FloatArray, gradient: FloatArray, state: State, step: int, /) -> FloatArray:
        """Change parameters and state in place, at step `step` counted from 1 since the run began.

        Returned is the change that was subtracted, to be read until the next step: it is the memory of the
        gradient, which is used up, or of the state.
        """
        ...

    def compiled(self, parameters: FloatArray, gradient: FloatArray, state: State, /) -> Step | Descent:
        """Return what does as `update` in compiled code, to the same bits, where `is_compiled`.

        A step needs no gradients of its own for every run: `gradient` may be (1, width).

        Raises: NotImplementedError if there is none.
        """
        ...

    def prepare(self, step: int, steps: int, /) -> None:
        """Set what the compiled step reads to the values of so many steps from `step` on, at most AT_ONCE."""
        ...


class Rule:
    """What a rule has that NumPy alone computes, with nothing to prepare for compiled code."""

    is_compiled: bool = False

    def compiled(self, _parameters: FloatArray, _gradient: FloatArray, _state: State) -> Step | Descent:
        """There is none."""
        raise NotImplementedError(f"{type(self).__name__} is NumPy's alone")

    def prepare(self, _step: int, _steps: int) -> None:
        """Nothing is to be prepared."""


class WithRate(Rule):
    """What most optimizers share: a rate for each run, in the type of the arithmetic."""

    rated: bool = False

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None:
        self._rate = column([c.learning_rate for c in configurations], dtype)

    def set_rates(self, rates: Float64Array, _before: Float64Array) -> None:
        """Take these learning rates (runs,)."""
        self._rate[:, 0] = rates


def column(values: Sequence[float | None], dtype: np.dtype) -> FloatArray:
    """Return one number for each run (runs, 1); what a run's choices leave unused is 0."""
    return np.array([value or 0.0 for value in values], dtype=dtype)[:, None]
