"""OPTIMIZERS names every update rule; what a rule remembers is a state, zeros before the first step."""

from __future__ import annotations

import numpy as np

from core.arrays import FloatArray, aligned
from core.optimizers.adaptive import Adagrad, Adam, RmsProp
from core.optimizers.gradient_descent import Momentum, Nesterov, Sgd
from core.optimizers.optimizer import Optimizer, State
from core.optimizers.rprop import IrpropMinus, Rprop, draw_steps

__all__ = ["OPTIMIZERS", "Optimizer", "Sgd", "State", "draw_steps", "initial_state"]

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": Sgd,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": Adagrad,
    "rmsprop": RmsProp,
    "adam": Adam,
    "adamw": Adam,
    "rprop": Rprop,
    "irprop_minus": IrpropMinus,
}


def initial_state(name: str, parameters: FloatArray) -> State:
    """Return the state before the first step: zeros, shaped like the parameters."""
    return {slot: aligned(np.zeros_like(parameters)) for slot in OPTIMIZERS[name].state_names}
