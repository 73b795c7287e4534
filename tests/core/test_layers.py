"""Each layer computes what the article writes down for it, for every run of a population."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.activations import FUNCTIONS
from core.batches import with_ones
from core.errors import CoreError
from core.fields import ACTIVATIONS
from core.layers import Activation, FullyConnected, LastFullyConnected
from core.layout import Layout
from core.rows import Sharing

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


RUNS, INPUTS, OUTPUTS, BATCH = 2, 3, 2, 4
SIZES = {  # of networks in which the layer that is looked at stands in every place there is
    "first": ((INPUTS, OUTPUTS, 1), 0),
    "between": ((1, INPUTS, OUTPUTS, 1), 1),
    "last": ((1, INPUTS, OUTPUTS), 1),
    "only": ((INPUTS, OUTPUTS), 0),
    "to one output": ((1, INPUTS, 1), 1),
}
Layer = FullyConnected | LastFullyConnected


class Placed:
    """One layer of a network, and its tensors in the article's order: weight (runs, inputs, outputs)."""

    def __init__(self, place: str, batch: int = BATCH, sharing: Sharing | None = None) -> None:
        sizes, number = SIZES[place]
        runs = len(sharing.set_of_run) if sharing else RUNS
        self.layout, self.number = Layout(sizes), number
        self.flat = np.random.default_rng(5).standard_normal((runs, self.layout.width))
        self.gradients = np.full_like(self.flat, np.nan)
        self.first, self.last = number == 0, number == len(sizes) - 2
        kind = LastFullyConnected if self.last else FullyConnected
        shared = (sharing or Sharing(list(range(runs)))) if self.first else None
        tensors, slots = self.layout.views(self.flat)[number], self.layout.views(self.gradients)[number]
        self.layer: Layer = kind(tensors, slots, batch, shared)

    def tensors(self, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return weight (runs, inputs, outputs) and bias (runs, outputs)."""
        found = [self.layout.unpack(row) for row in flat]
        weight, bias = (f"layers.{self.number}.{part}" for part in ("weight", "bias"))
        return np.stack([row[weight] for row in found]), np.stack([row[bias] for row in found])

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return outputs (runs, batch, outputs) of inputs (sets, batch, inputs)."""
        y = self.layer.forward(with_ones(x) if self.layout.joins_bias and self.first else x)
        return (y.transpose(0, 2, 1) if self.last else y).copy()

    def oriented(self, d: np.ndarray) -> np.ndarray:
        """Return derivatives (runs, batch, outputs) as the layer takes them."""
        return np.ascontiguousarray(d.transpose(0, 2, 1)) if self.last else d


@pytest.mark.parametrize("place", SIZES)
def test_a_fully_connected_layer_adds_up_weighted_inputs_and_a_bias(place: str) -> None:
    placed = Placed(place)
    weight, bias = placed.tensors(placed.flat)
    x = np.random.default_rng(6).standard_normal((RUNS, BATCH, INPUTS))
    y = placed.forward(x)
    for r in range(RUNS):
        for example in range(BATCH):
            for j in range(bias.shape[1]):
                expected = sum(weight[r, i, j] * x[r, example, i] for i in range(INPUTS)) + bias[r, j]
                assert y[r, example, j] == pytest.approx(expected, abs=1e-14)


@pytest.mark.parametrize("place", SIZES)
def test_its_derivatives_are_the_sums_that_the_article_gives(place: str) -> None:
    placed = Placed(place)
    weight, bias = placed.tensors(placed.flat)
    outputs = bias.shape[1]
    numbers = np.random.default_rng(7)
    x, d = numbers.standard_normal((RUNS, BATCH, INPUTS)), numbers.standard_normal((RUNS, BATCH, outputs))
    placed.forward(x)
    if placed.first:
        placed.layer.differentiate(placed.oriented(d))
    else:
        dx = placed.layer.backward(placed.oriented(d))
        expected = [[d[r, b] @ weight[r].T for b in range(BATCH)] for r in range(RUNS)]
        np.testing.assert_allclose(dx, expected, rtol=0, atol=1e-14)
    dw, db = placed.tensors(placed.gradients)
    for r in range(RUNS):
        for j in range(outputs):
            for i in range(INPUTS):
                assert dw[r, i, j] == pytest.approx(sum(x[r, :, i] * d[r, :, j]), abs=1e-14)
            assert db[r, j] == pytest.approx(sum(d[r, :, j]), abs=1e-14)


@pytest.mark.parametrize("place", ["first", "only"])
@pytest.mark.parametrize("set_of_run", [[0, 0, 0], [0, 1, 1], [0, 0, 1, 1], [1, 0, 1]], ids=str)
def test_runs_that_share_examples_get_the_bits_of_runs_with_copies_of_them(
    place: str, set_of_run: list[int]
) -> None:
    sharing, apart = Sharing(set_of_run), Sharing(list(range(len(set_of_run))))
    x = np.random.default_rng(8).standard_normal((sharing.sets, 70, INPUTS))
    d = np.random.default_rng(9).standard_normal((len(set_of_run), 70, OUTPUTS))
    shared, copied = Placed(place, 70, sharing), Placed(place, 70, apart)
    assert np.array_equal(shared.forward(x), copied.forward(x[set_of_run]))
    for placed in (shared, copied):
        placed.layer.differentiate(placed.oriented(d))
    assert np.array_equal(shared.gradients, copied.gradients, equal_nan=True)


@pytest.mark.parametrize("place", SIZES)
def test_a_backward_pass_needs_a_forward_pass_before_it(place: str) -> None:
    placed = Placed(place)
    with pytest.raises(CoreError, match="forward pass"):
        placed.layer.differentiate(placed.oriented(np.ones((RUNS, BATCH, OUTPUTS))))


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


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_relu_has_no_slope_at_zeros_of_either_sign_and_any_slope_above(dtype: str) -> None:
    x = np.array([[[0.0, -0.0, 5e-324 if dtype == "float64" else 1e-45, -1.0, np.inf]]], dtype)
    activation = Activation("relu", (1, 1, 5), np.dtype(dtype))
    activation.forward(x)
    gradient = np.array([[[3.0, -3.0, -2.5, 7.0, 1.5]]], dtype)
    assert activation.backward(gradient)[0, 0].tolist() == [0.0, 0.0, -2.5, 0.0, 1.5]
