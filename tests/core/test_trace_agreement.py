"""A traced step is the step that training takes, and cross-entropy is its published formula."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from core.arrays import Float64Array, FloatArray
from core.configuration import Configuration, resolve
from core.examples import Examples
from core.fields import ACTIVATIONS
from core.members import Member
from core.trace import network_of_run, read_network, trace
from core.training import EpochReport, Population, train


def trained(
    configuration: Configuration, examples: Examples
) -> tuple[dict[str, FloatArray], dict[str, FloatArray], list[float]]:
    """First parameters, last parameters, and the loss before every step."""
    rows = np.arange(examples.rows, dtype=np.int64)
    population = Population.start([Member(configuration, 3, rows, rows[:0])], examples)
    first = population.parameters(0)
    reports: list[EpochReport] = []

    def keep(report: EpochReport) -> None:
        reports.append(report)

    train(population, on_epoch=keep)
    losses = [float(report.train_loss[0]) for report in reports]
    return first, reports[-1].endings[0].parameters, losses


def one_step(task: str, **values: object) -> Configuration:
    settings = {
        "optimizer": "sgd",
        "learning_rate": 0.3,
        "batch_size": "full",
        "epochs": 1,
        "dtype": "float64",
        "initializer": "torch",
    }
    return resolve({**settings, **values}, task=task)


def assert_same(found: Any, parameters: dict[str, FloatArray]) -> None:
    for parameter in found["parameters"]:
        name, index = parameter["id"].split(".")[:3], parameter["id"].split(".")[3:]
        expected = parameters[".".join(name)][tuple(map(int, index))]
        assert parameter["after"]["value"] == pytest.approx(float(expected), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("output_activation", ["identity", "relu", "sigmoid", "softsign"])
def test_one_step_of_squared_error_is_the_step_that_training_takes(
    activation: str, output_activation: str
) -> None:
    numbers = np.random.default_rng(0)
    examples = Examples(numbers.standard_normal((5, 3)), numbers.standard_normal((5, 2)), 2, "regression")
    configuration = one_step(
        "regression", hidden_layers=[4, 3], activation=activation, output_activation=output_activation
    )
    first, last, losses = trained(configuration, examples)
    traced = trace(
        network_of_run(configuration, first), examples.inputs, examples.numbers, configuration.learning_rate
    )
    assert float(traced.losses[0]) == pytest.approx(losses[0], rel=1e-12)
    assert_same(traced.document(), last)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_one_step_of_cross_entropy_is_the_step_that_training_takes(activation: str) -> None:
    numbers = np.random.default_rng(1)
    classes = numbers.integers(0, 3, 6).astype(np.int64)
    examples = Examples(numbers.standard_normal((6, 3)), classes, 3, "classification")
    configuration = one_step("classification", hidden_layers=[5], activation=activation)
    first, last, losses = trained(configuration, examples)
    traced = trace(network_of_run(configuration, first), examples.inputs, classes, 0.3)
    assert float(traced.losses[0]) == pytest.approx(losses[0], rel=1e-12)
    assert_same(traced.document(), last)


@pytest.mark.parametrize("activation", ["relu", "softsign", "tanh"])
def test_the_losses_of_many_steps_are_those_of_training(activation: str) -> None:
    numbers = np.random.default_rng(2)
    examples = Examples(numbers.standard_normal((4, 2)), numbers.standard_normal((4, 1)), 1, "regression")
    configuration = one_step("regression", hidden_layers=[3], activation=activation, epochs=40)
    first, _, losses = trained(configuration, examples)
    traced = trace(network_of_run(configuration, first), examples.inputs, examples.numbers, 0.3, steps=39)
    assert [float(loss) for loss in traced.losses] == pytest.approx(losses, rel=1e-9)


def test_a_float32_run_is_read_by_its_own_shortest_decimals() -> None:
    configuration = resolve({"hidden_layers": [], "dtype": "float32"}, task="regression")
    parameters: dict[str, FloatArray] = {
        "layers.0.weight": np.array([[0.1], [-0.0]], np.float32),
        "layers.0.bias": np.array([0.7], np.float32),
    }
    found: Any = trace(network_of_run(configuration, parameters), [[1, 2]], [[0]], 0.1).document()
    assert [parameter["before"]["exact"] for parameter in found["parameters"]] == ["1/10", "0", "7/10"]


def test_cross_entropy_by_hand() -> None:
    # Logits 0 and ln 3 make the probabilities 1/4 and 3/4.
    network = read_network([{"weights": [[0, math.log(3)]], "activation": "softmax"}], loss="cross_entropy")
    found: Any = trace(network, [[1], [1]], [1, 0], 1).document()
    outputs = [unit["values"][0]["value"] for unit in found["stages"][2]["units"]]
    assert outputs == pytest.approx([0.25, 0.75], rel=1e-15)
    losses = [put["result"]["value"] for put in found["forward"]["error"]["examples"]]
    assert losses == pytest.approx([math.log(4 / 3), math.log(4)], rel=1e-15)
    assert found["loss"]["before"]["value"] == pytest.approx((math.log(4 / 3) + math.log(4)) / 2, rel=1e-15)
    derivatives = [
        [put["result"]["value"] for put in entry["examples"]] for entry in found["steps"][0]["entries"]
    ]
    assert derivatives == [pytest.approx([0.25, -0.75]), pytest.approx([-0.25, 0.75])]
    assert found["stages"][2]["units"][0]["derivatives"] is None  # softmax is fused with the loss


def plain_cross_entropy(weights: list[Float64Array], inputs: Float64Array, classes: list[int]) -> float:
    values = inputs
    for matrix in weights[:-1]:
        values = np.tanh(values @ matrix)
    powers = np.exp(values @ weights[-1])
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    return float(-np.log(probabilities[np.arange(len(classes)), classes]).mean())


def test_gradients_of_cross_entropy_are_differences_of_the_plainly_written_formula() -> None:
    numbers, classes = np.random.default_rng(5), [0, 2, 1, 2]
    weights = [numbers.standard_normal(shape) for shape in pairwise((2, 4, 3))]
    inputs = numbers.standard_normal((4, 2))
    network = read_network(
        [
            {"weights": weights[0], "activation": "tanh"},
            {"weights": weights[1], "activation": "softmax"},
        ],
        loss="cross_entropy",
    )
    traced = trace(network, inputs, classes, 0.1)
    assert float(traced.losses[0]) == pytest.approx(plain_cross_entropy(weights, inputs, classes), rel=1e-13)
    step = 1e-5
    for layer, matrix in enumerate(weights):
        for index in np.ndindex(*matrix.shape):
            here = matrix[index]
            matrix[index] = here + step
            higher = plain_cross_entropy(weights, inputs, classes)
            matrix[index] = here - step
            lower = plain_cross_entropy(weights, inputs, classes)
            matrix[index] = here
            gradient = float(traced.step.before.gradients[layer].weights[index[0]][index[1]])
            assert gradient == pytest.approx((higher - lower) / (2 * step), rel=1e-6, abs=1e-9)


def test_cross_entropy_survives_logits_whose_powers_overflow() -> None:
    network = read_network([{"weights": [[1000, -1000]], "activation": "softmax"}], loss="cross_entropy")
    found: Any = trace(network, [[1]], [1], 0.1).document()
    assert found["loss"]["before"]["value"] == 2000
