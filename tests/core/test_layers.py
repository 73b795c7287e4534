"""Each layer computes what the article writes down for it, for every run of a population."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.activations import FUNCTIONS
from core.errors import CoreError
from core.fields import ACTIVATIONS
from core.layers import Activation, FullyConnected
from core.layout import LayerTensors

# s(x) and s'(x) at x = -1, 0 and 2 as the papers define them, written out with math alone.
E1 = math.exp(-1.0)
SIGMOID = {x: 1.0 / (1.0 + math.exp(-x)) for x in (-1.0, 0.0, 2.0)}
PUBLISHED = {
    "identity": ([-1.0, 0.0, 2.0], [1.0, 1.0, 1.0]),
    "relu": ([0.0, 0.0, 2.0], [0.0, 0.0, 1.0]),
    "leaky_relu": ([-0.01, 0.0, 2.0], [0.01, 0.01, 1.0]),
    "tanh": ([math.tanh(-1), 0.0, math.tanh(2)], [1 / math.cosh(1) ** 2, 1.0, 1 / math.cosh(2) ** 2]),
    "sigmoid": (list(SIGMOID.values()), [s * (1.0 - s) for s in SIGMOID.values()]),
    "softsign": ([-0.5, 0.0, 2.0 / 3.0], [0.25, 1.0, 1.0 / 9.0]),
    "elu": ([E1 - 1.0, 0.0, 2.0], [E1, 1.0, 1.0]),
    # The formula in decimal arithmetic with 40 digits.
    "gelu_tanh": ([-0.15880800939172, 0.0, 1.95459769408777], [-0.08296408384578, 0.5, 1.08609925662362]),
}


def layer(
    runs: int, inputs: int, outputs: int, batch: int
) -> tuple[FullyConnected, LayerTensors, LayerTensors]:
    numbers = np.random.default_rng(5)
    tensors = LayerTensors(
        numbers.standard_normal((runs, inputs, outputs)), numbers.standard_normal((runs, 1, outputs))
    )
    gradients = LayerTensors(np.empty((runs, inputs, outputs)), np.empty((runs, 1, outputs)))
    return FullyConnected(tensors, gradients, batch), tensors, gradients


def test_a_fully_connected_layer_adds_up_weighted_inputs_and_a_bias() -> None:
    forward, (weight, bias), _ = layer(runs=2, inputs=3, outputs=2, batch=4)
    x = np.random.default_rng(6).standard_normal((2, 4, 3))
    y = forward.forward(x)
    for r in range(2):
        for example in range(4):
            for j in range(2):
                expected = sum(weight[r, i, j] * x[r, example, i] for i in range(3)) + bias[r, 0, j]
                assert y[r, example, j] == pytest.approx(expected, abs=1e-14)


def test_its_derivatives_are_the_sums_that_the_article_gives() -> None:
    backward, (weight, _), gradients = layer(runs=2, inputs=3, outputs=2, batch=4)
    numbers = np.random.default_rng(7)
    x, d = numbers.standard_normal((2, 4, 3)), numbers.standard_normal((2, 4, 2))
    backward.forward(x)
    dx = backward.backward(d)
    for r in range(2):
        for i in range(3):
            for j in range(2):
                expected = sum(x[r, b, i] * d[r, b, j] for b in range(4))
                assert gradients.weight[r, i, j] == pytest.approx(expected, abs=1e-14)
            for b in range(4):
                expected = sum(weight[r, i, j] * d[r, b, j] for j in range(2))
                assert dx[r, b, i] == pytest.approx(expected, abs=1e-14)
        for j in range(2):
            assert gradients.bias[r, 0, j] == pytest.approx(sum(d[r, b, j] for b in range(4)), abs=1e-14)


def test_one_set_of_examples_serves_all_runs() -> None:
    shared, _, gradients = layer(runs=3, inputs=2, outputs=2, batch=5)
    x = np.random.default_rng(8).standard_normal((1, 5, 2))
    d = np.random.default_rng(9).standard_normal((3, 5, 2))
    y = shared.forward(x).copy()
    shared.differentiate(d)
    weight = gradients.weight.copy()
    assert np.array_equal(shared.forward(np.repeat(x, 3, axis=0)), y)
    shared.differentiate(d)
    assert np.array_equal(gradients.weight, weight)


def test_a_backward_pass_needs_a_forward_pass_before_it() -> None:
    fresh, _, _ = layer(runs=1, inputs=1, outputs=1, batch=1)
    with pytest.raises(CoreError, match="forward pass"):
        fresh.backward(np.ones((1, 1, 1)))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_and_its_derivative_are_the_published_ones(name: str) -> None:
    values, slopes = PUBLISHED[name]
    activation = Activation(name, (1, 1, 3), np.dtype(np.float64))
    y = activation.forward(np.array([[[-1.0, 0.0, 2.0]]])).copy()
    assert y[0, 0].tolist() == pytest.approx(values, abs=1e-12)
    assert activation.backward(np.ones((1, 1, 3)))[0, 0].tolist() == pytest.approx(slopes, abs=1e-12)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_stays_finite_far_from_zero(name: str) -> None:
    activation = FUNCTIONS[name]((1, 1, 2), np.dtype(np.float32))
    with np.errstate(over="ignore"):
        y = activation.forward(np.array([[[-200.0, 200.0]]], np.float32)).copy()
        slope = activation.backward(np.ones((1, 1, 2), np.float32))
    assert np.isfinite(y).all()
    assert np.isfinite(slope).all()
