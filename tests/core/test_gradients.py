"""Every derivative agrees with a central difference: (E(w + h) - E(w - h)) / 2h."""

from __future__ import annotations

import numpy as np
import pytest

from core.batches import Table
from core.configuration import Configuration, resolve
from core.examples import Examples
from core.fields import ACTIVATIONS, CLASS_LOSSES, LOSSES
from core.gradient_check import check_gradients
from core.layout import Layout
from core.network import layer_sizes
from core.passes import Pass

H = 1e-6
FEATURES, ROWS, OUTPUTS = 3, 5, 4
DRAW = np.random.default_rng(11)
INPUTS = DRAW.standard_normal((ROWS, FEATURES))
CLASSES = Examples(INPUTS, DRAW.integers(0, OUTPUTS, ROWS), OUTPUTS, "classification")
NUMBERS = Examples(INPUTS, DRAW.standard_normal((ROWS, OUTPUTS)), OUTPUTS, "regression")


def relative_error(configuration: Configuration, examples: Examples, runs: int) -> float:
    """Return |analytic - numeric| / (|analytic| + |numeric|), the worst of all runs."""
    layout = Layout(layer_sizes(configuration, FEATURES, OUTPUTS))
    weights = np.random.default_rng(12).standard_normal((runs, layout.width))
    gradients = np.zeros_like(weights)
    table = Table.of(examples, np.dtype(np.float64), joins_bias=layout.joins_bias)
    work = Pass(configuration, layout, weights, gradients, ROWS)
    batch = table.batch(np.arange(ROWS))
    work.forward(batch)
    work.backward()
    analytic = gradients.copy()
    numeric = np.zeros_like(weights)
    for column in [i for t in layout.tensors for i in range(t.start, t.stop)]:
        value = weights[:, column].copy()
        for sign in (1.0, -1.0):
            weights[:, column] = value + sign * H
            work.forward(batch)
            numeric[:, column] += sign * work.sums / ROWS / (2.0 * H)
        weights[:, column] = value
    lengths = [np.linalg.norm(array, axis=1) for array in (analytic - numeric, analytic, numeric)]
    return float((lengths[0] / (lengths[1] + lengths[2])).max())


@pytest.mark.parametrize("hidden_layers", [[1], [6], [5, 3]], ids=str)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_is_the_central_difference(activation: str, loss: str, hidden_layers: list[int]) -> None:
    values = {"activation": activation, "loss": loss, "hidden_layers": hidden_layers, "dtype": "float64"}
    assert relative_error(resolve(values, task="classification"), CLASSES, runs=2) < 1e-6


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_of_a_linear_network_is_the_central_difference(loss: str) -> None:
    values = {"loss": loss, "hidden_layers": [], "dtype": "float64"}
    assert relative_error(resolve(values, task="classification"), CLASSES, runs=3) < 1e-6


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_through_an_output_activation_is_the_central_difference(activation: str) -> None:
    values = {"hidden_layers": [4], "activation": "tanh", "output_activation": activation, "dtype": "float64"}
    assert relative_error(resolve(values, task="regression"), NUMBERS, runs=1) < 1e-6


@pytest.mark.parametrize("loss", [name for name in LOSSES if name not in CLASS_LOSSES])
def test_the_gradient_of_a_loss_of_numbers_is_the_central_difference(loss: str) -> None:
    values = {"loss": loss, "hidden_layers": [5], "activation": "tanh", "dtype": "float64"}
    configuration = resolve(values, task="regression")
    assert relative_error(configuration, NUMBERS, runs=2) < 1e-6
    check = check_gradients(configuration, NUMBERS, seed=1)
    assert check.passed, check.worst


def test_binary_cross_entropy_passes_the_gradient_check() -> None:
    values = {"loss": "binary_cross_entropy", "hidden_layers": [5, 4], "activation": "tanh"}
    check = check_gradients(resolve(values, task="classification"), CLASSES, seed=1)
    assert check.passed, check.worst
    assert check.tensors[0].method == "complex step"
    assert check.worst is not None
    assert check.worst.error < 1e-11


def test_a_complex_step_takes_logits_whose_powers_overflow() -> None:
    values = {"loss": "binary_cross_entropy", "hidden_layers": []}
    far = Examples(CLASSES.inputs * 1e3, CLASSES.targets, CLASSES.outputs, "classification")
    check = check_gradients(resolve(values, task="classification"), far, seed=1)
    assert check.passed, check.worst


def test_a_sigmoid_before_a_squared_error_is_not_the_fused_one() -> None:
    values = {"loss": "mse", "output_activation": "sigmoid", "hidden_layers": [5], "dtype": "float64"}
    assert relative_error(resolve(values, task="classification"), CLASSES, runs=2) < 1e-6
