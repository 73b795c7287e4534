"""A compiled network trains to what NumPy's network trains to, with every activation, loss and optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core.compiled.library import by_numpy, kernel
from core.examples import Examples
from core.fields import ACTIVATIONS

pytestmark = pytest.mark.skipif(
    kernel() is None, reason="compiled steps were not built, or not for this processor"
)

SETTINGS: dict[str, dict[str, Any]] = {
    **{name: {"activation": name} for name in ACTIVATIONS},
    "no hidden layer": {"hidden_layers": []},
    "three hidden layers": {"hidden_layers": [9, 5, 6]},
    "odd batches": {"batch_size": 7},
    "full batch": {"batch_size": "full"},
    "dropout": {"dropout": 0.3, "hidden_layers": [9, 5]},
    "dropout behind tanh": {"dropout": 0.3, "activation": "tanh"},
    "squared error": {"loss": "mse"},
    "absolute error": {"loss": "mae"},
    "binary cross-entropy": {"loss": "binary_cross_entropy"},
    "class weights": {"class_weight": "balanced"},
    "class weights, squared error": {"class_weight": "balanced", "loss": "mse"},
    "momentum": {"optimizer": "momentum", "learning_rate": 0.02},
    "nesterov": {"optimizer": "nesterov", "learning_rate": 0.02},
    "adam": {"optimizer": "adam", "learning_rate": 0.01},
    "adamw": {"optimizer": "adamw", "learning_rate": 0.01, "weight_decay": 0.1},
    "rmsprop": {"optimizer": "rmsprop", "learning_rate": 0.001},
    "penalties and clipping": {"l2": 0.01, "l1": 0.001, "gradient_clip": 0.5},
    "a schedule": {"learning_rate_schedule": "cosine", "optimizer": "momentum", "learning_rate": 0.02},
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_compiled_network_learns_what_numpys_learns(
    classes: Examples, member: Callable[..., Any], learn: Callable[..., Any], name: str
) -> None:
    values = {"hidden_layers": [9], "epochs": 4, "dtype": "float64", "batch_size": 16, **SETTINGS[name]}
    members = [member(classes, seed=seed, **values) for seed in (1, 1, 2)]
    compiled = learn(members, classes)
    with by_numpy():
        numpys = learn(members, classes)
    for place in range(3):
        one, other = compiled.endings[place], numpys.endings[place]
        assert (one.state, one.reason) == (other.state, other.reason)
        for tensor, expected in other.parameters.items():
            np.testing.assert_allclose(one.parameters[tensor], expected, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(compiled.curves[place], numpys.curves[place], rtol=1e-9, atol=1e-12)
