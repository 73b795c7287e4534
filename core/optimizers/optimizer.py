"""An optimizer is an update of flat parameters; its state is an explicit value, so that it can be stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from core.arrays import Float64Array, FloatArray
from core.configuration import Configuration

State = dict[str, FloatArray]


class Optimizer(Protocol):
    """One update rule with the settings of every run of a population.

    Shapes:
        parameters, gradient, each array of the state  (runs, width)
    """

    state_names: tuple[str, ...]

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None: ...

    def set_rates(self, rates: Float64Array) -> None:
        """Take these learning rates (runs,) from now on; at first they are the configurations'."""
        ...

    def update(self, parameters: FloatArray, gradient: FloatArray, state: State, step: int, /) -> None:
        """Change parameters and state in place, at step `step` counted from 1 since the run began.

        The gradient's memory is used up: it then holds the change that was subtracted from the parameters.
        """
        ...


class Rated:
    """What most optimizers share: a rate for each run, in the type of the arithmetic."""

    def __init__(self, configurations: Sequence[Configuration], dtype: np.dtype) -> None:
        self._rate = column([c.learning_rate for c in configurations], dtype)

    def set_rates(self, rates: Float64Array) -> None:
        """Take these learning rates (runs,)."""
        self._rate[:, 0] = rates


def column(values: Sequence[float | None], dtype: np.dtype) -> FloatArray:
    """Return one number for each run (runs, 1); what a run's choices leave unused is 0."""
    return np.array([value or 0.0 for value in values], dtype=dtype)[:, None]
