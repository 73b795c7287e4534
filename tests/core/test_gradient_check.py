"""Every layer, loss and network shape has the derivatives that its own loss shows."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from core import activations, losses
from core.arrays import FloatArray
from core.batches import Batch
from core.configuration import Configuration, resolve
from core.errors import DataError, ShapeError
from core.examples import Examples
from core.fields import ACTIVATIONS
from core.gradient_check import check_gradients

SMOOTH = ("identity", "tanh", "sigmoid", "gelu_tanh")


def regression(*, rows: int = 7, features: int = 3, outputs: int = 2, seed: int = 1) -> Examples:
    numbers = np.random.default_rng(seed)
    return Examples(
        numbers.standard_normal((rows, features)),
        numbers.standard_normal((rows, outputs)),
        outputs,
        "regression",
    )


def classification(*, rows: int = 7, features: int = 3, classes: int = 4, seed: int = 2) -> Examples:
    numbers = np.random.default_rng(seed)
    targets = numbers.integers(0, classes, rows).astype(np.int64)
    return Examples(numbers.standard_normal((rows, features)), targets, classes, "classification")


def configuration(task: str = "regression", **values: object) -> Configuration:
    return resolve({"initializer": "torch", **values}, task=task)


@pytest.mark.parametrize(("hidden", "output"), [*itertools.product(ACTIVATIONS, repeat=2)])
def test_squared_error_has_the_right_derivatives_behind_every_pair_of_activations(
    hidden: str, output: str
) -> None:
    chosen = configuration(hidden_layers=[5, 4], activation=hidden, output_activation=output)
    check = check_gradients(chosen, regression(), seed=0)
    assert check.passed, check.worst
    smooth = hidden in SMOOTH and output in SMOOTH
    assert {tensor.method for tensor in check.tensors} == {
        "complex step" if smooth else "central differences"
    }


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_cross_entropy_has_the_right_derivatives_behind_every_activation(activation: str) -> None:
    chosen = configuration("classification", hidden_layers=[6, 5], activation=activation)
    check = check_gradients(chosen, classification(), seed=3)
    assert check.passed, check.worst


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_squared_error_on_classes_has_the_right_derivatives(activation: str) -> None:
    chosen = configuration("classification", hidden_layers=[6], activation=activation, loss="mse")
    check = check_gradients(chosen, classification(), seed=3)
    assert check.passed, check.worst


@pytest.mark.parametrize("hidden_layers", [[], [1], [17], [3, 1, 4], [4, 4, 4, 4, 4]])
@pytest.mark.parametrize(("rows", "features", "outputs"), [(1, 1, 1), (5, 1, 3), (2, 9, 1), (33, 4, 2)])
def test_every_shape_of_network_and_batch_has_the_right_derivatives(
    hidden_layers: list[int], rows: int, features: int, outputs: int
) -> None:
    extra = {"activation": "tanh"} if hidden_layers else {}
    examples = regression(rows=rows, features=features, outputs=outputs)
    check = check_gradients(configuration(hidden_layers=hidden_layers, **extra), examples, seed=5)
    assert check.passed, check.worst
    assert [tensor.name for tensor in check.tensors] == [
        f"layers.{layer}.{kind}" for layer in range(len(hidden_layers) + 1) for kind in ("weight", "bias")
    ]


def test_a_complex_step_agrees_to_rounding() -> None:
    chosen = configuration("classification", hidden_layers=[8, 8], activation="tanh")
    check = check_gradients(chosen, classification(rows=20), seed=0)
    assert max(tensor.largest_error for tensor in check.tensors) < 1e-10
    assert check.floor < 1e-8


def test_float32_runs_are_checked_in_float64() -> None:
    chosen = configuration(hidden_layers=[4], activation="softsign", dtype="float32")
    assert check_gradients(chosen, regression(), seed=0).passed


def test_the_loss_is_the_mean_over_the_rows_asked_for() -> None:
    examples, rows = regression(outputs=1), np.array([4, 1], np.int64)
    chosen = configuration(hidden_layers=[])
    weight, bias = np.array([[0.5], [-1.0], [2.0]]), np.array([0.25])
    check = check_gradients(
        chosen, examples, seed=0, rows=rows, parameters={"layers.0.weight": weight, "layers.0.bias": bias}
    )
    residual = examples.inputs[rows] @ weight + bias - examples.numbers[rows]
    assert check.loss == pytest.approx(float(np.mean(residual**2)), rel=1e-14)
    worst = check.tensors[1].worst
    assert worst is not None
    assert worst.backward == pytest.approx(float(np.mean(2 * residual)), rel=1e-12)  # dE/db by hand


def test_units_at_a_kink_are_counted_and_judged_apart() -> None:
    # The second unit's sum is exactly 0: its derivative is 0 by choice, and a step to the right sees 2.
    parameters: dict[str, FloatArray] = {
        "layers.0.weight": np.array([[1.0, 1.0]]),
        "layers.0.bias": np.array([0.0, -1.0]),
        "layers.1.weight": np.array([[1.0, 1.0], [1.0, 1.0]]),
        "layers.1.bias": np.array([0.0, 0.0]),
        "layers.2.weight": np.array([[1.0], [1.0]]),
        "layers.2.bias": np.array([0.0]),
    }
    examples = Examples(np.array([[1.0]]), np.array([[1.0]]), 1, "regression")
    check = check_gradients(
        configuration(hidden_layers=[2, 2], activation="relu"), examples, seed=0, parameters=parameters
    )
    assert check.passed
    first_weight, first_bias = check.tensors[:2]
    assert (first_weight.elements, first_weight.kinks, first_bias.kinks) == (2, 1, 1)
    assert first_weight.worst is not None
    assert first_weight.worst.index == (0, 0)
    assert first_weight.worst_at_kink is not None
    assert first_weight.worst_at_kink.index == (0, 1)
    assert first_weight.worst_at_kink.error > 0.9
    assert check.kinks == 2


def test_a_kink_in_a_later_layer_is_seen_from_an_earlier_weight() -> None:
    parameters: dict[str, FloatArray] = {
        "layers.0.weight": np.array([[1.0]]),
        "layers.0.bias": np.array([0.5]),
        "layers.1.weight": np.array([[1.0]]),
        "layers.1.bias": np.array([-1.5]),
        "layers.2.weight": np.array([[1.0]]),
        "layers.2.bias": np.array([0.0]),
    }
    examples = Examples(np.array([[1.0]]), np.array([[1.0]]), 1, "regression")
    chosen = configuration(hidden_layers=[1, 1], activation="leaky_relu")
    check = check_gradients(chosen, examples, seed=0, parameters=parameters)
    assert [tensor.kinks for tensor in check.tensors] == [1, 1, 1, 1, 0, 0]


def test_a_tensor_that_is_all_at_kinks_is_no_pass() -> None:
    parameters: dict[str, FloatArray] = {
        "layers.0.weight": np.array([[1.0]]),
        "layers.0.bias": np.array([-1.0]),
    }
    examples = Examples(np.array([[1.0]]), np.array([[1.0]]), 1, "regression")
    chosen = configuration(hidden_layers=[], output_activation="relu")
    check = check_gradients(chosen, examples, seed=0, parameters=parameters)
    assert check.kinks == 2
    assert check.worst is None
    assert math.isnan(check.tensors[0].largest_error)
    assert not check.passed


class _TanhWithAWrongDerivative(activations.Tanh):
    def backward(self, gradient: FloatArray) -> FloatArray:
        gradient *= 1.0 - self._y  # 1 - y for 1 - y^2
        return gradient


class _LeakyReluWithAWrongSlope(activations.LeakyRelu):
    def backward(self, gradient: FloatArray) -> FloatArray:
        return np.multiply(gradient, np.where(self._y > 0.0, 1.0, 0.0101), out=gradient)


class _SquaredErrorByHalf(losses.SquaredError):
    code = None  # no compiled step does this

    def backward(self) -> FloatArray:
        return super().backward() * 0.5


@pytest.mark.parametrize(
    ("name", "wrong"), [("tanh", _TanhWithAWrongDerivative), ("leaky_relu", _LeakyReluWithAWrongSlope)]
)
def test_a_wrong_derivative_of_an_activation_is_found_in_the_layer_below_it(
    monkeypatch: pytest.MonkeyPatch, name: str, wrong: type[activations.ActivationFunction]
) -> None:
    monkeypatch.setitem(activations.FUNCTIONS, name, wrong)
    check = check_gradients(configuration(hidden_layers=[6], activation=name), regression(), seed=0)
    assert not check.passed
    agrees = {tensor.name: tensor.largest_error < check.tolerance for tensor in check.tensors}
    assert agrees == {
        "layers.0.weight": False,
        "layers.0.bias": False,
        "layers.1.weight": True,
        "layers.1.bias": True,
    }


def test_a_wrong_derivative_of_a_loss_is_found_in_every_tensor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(losses.LOSSES, "mse", _SquaredErrorByHalf)
    check = check_gradients(configuration(hidden_layers=[4], activation="elu"), regression(), seed=0)
    assert all(tensor.largest_error > 0.4 for tensor in check.tensors)


class _SquaredErrorWithPenalty(losses.SquaredError):
    """A stand-in for a loss with a term that its complex formula does not know."""

    code = None  # no compiled step does this

    def forward(self, outputs: FloatArray, batch: Batch) -> None:
        super().forward(outputs, batch)
        self.sums = self.sums + 1.0


def test_a_loss_that_is_not_its_formula_is_left_to_central_differences(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(losses.LOSSES, "mse", _SquaredErrorWithPenalty)
    check = check_gradients(configuration(hidden_layers=[4], activation="tanh"), regression(), seed=0)
    assert {tensor.method for tensor in check.tensors} == {"central differences"}
    assert check.passed


class _AbsoluteError(losses.SquaredError):
    """E = (1/n) sum |y - t|, as a loss with kinks may be written."""

    def forward(self, outputs: FloatArray, batch: Batch) -> None:
        np.subtract(outputs, batch.targets, out=self._residual)
        self.sums = np.abs(self._flat).sum(axis=1) / self._n

    def backward(self) -> FloatArray:
        return np.sign(self._residual) * (self.scale / 2.0)


def test_a_residual_of_zero_is_a_kink_of_the_absolute_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(losses.LOSSES, "mae", _AbsoluteError)
    chosen = configuration(hidden_layers=[])
    object.__setattr__(chosen, "loss", "mae")
    examples = Examples(np.array([[1.0]]), np.array([[1.0, 1.0]]), 2, "regression")
    parameters: dict[str, FloatArray] = {
        "layers.0.weight": np.array([[0.75, 2.0]]),
        "layers.0.bias": np.array([0.25, 0.0]),
    }
    check = check_gradients(chosen, examples, seed=0, parameters=parameters)
    assert check.passed
    assert [tensor.kinks for tensor in check.tensors] == [1, 1]


def test_many_parameters_are_compared_in_chunks() -> None:
    examples = regression(rows=60, features=20)
    check = check_gradients(configuration(hidden_layers=[40, 20], activation="elu"), examples, seed=0)
    assert sum(tensor.elements for tensor in check.tensors) == 20 * 40 + 40 + 40 * 20 + 20 + 20 * 2 + 2
    assert check.passed, check.worst


def test_rows_outside_the_examples_are_refused() -> None:
    with pytest.raises(DataError, match="rows run from 0 to 7; allowed: 0 to 6"):
        check_gradients(configuration(), regression(), seed=0, rows=np.array([0, 7], np.int64))
    with pytest.raises(ShapeError, match="at least one"):
        check_gradients(configuration(), regression(), seed=0, rows=np.array([], np.int64))


def test_penalties_are_no_part_of_the_loss_and_weights_of_0_no_kinks() -> None:
    still: dict[str, Any] = {
        "hidden_layers": [],
        "loss": "huber",
        "initializer": "uniform",
        "init_scale": 0.0,
    }
    plain = check_gradients(configuration(**still), regression(), seed=0)
    check = check_gradients(configuration(**still, l1=0.1, l2=0.1), regression(), seed=0)
    assert check == plain
    assert check.passed
    assert check.kinks == 0
