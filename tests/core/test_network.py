"""The article's worked example, digit for digit, and networks from one weight to a million."""

from __future__ import annotations

import numpy as np
import pytest

from core.arrays import FloatArray
from core.batches import Table
from core.configuration import Configuration, resolve
from core.errors import ShapeError
from core.evaluation import evaluate
from core.examples import Examples
from core.layout import Layout
from core.members import Member
from core.optimizers import Sgd
from core.passes import Pass
from core.training import Population, train

ARTICLE = resolve(
    {"hidden_layers": [1], "output_activation": "relu", "batch_size": "full", "dtype": "float64"},
    task="regression",
)
EXAMPLE = Examples(np.array([[1.0, 0.5, 1.0]]), np.array([[0.5, 1.0]]), 2, "regression")
FIRST = {
    "layers.0.weight": np.array([[0.5], [1.0], [-0.5]]),
    "layers.0.bias": np.array([0.0]),
    "layers.1.weight": np.array([[-1.0, 1.0]]),
    "layers.1.bias": np.array([0.0, 0.0]),
}
ROW = np.zeros(1, np.int64)


class WorkedExample:
    """The network of section 5: 3 -> 1 -> relu -> 2 -> relu, rate 0.1."""

    def __init__(self) -> None:
        self.layout = Layout((3, 1, 2))
        self.weights: FloatArray = self.layout.pack(FIRST, np.dtype(np.float64))[None]
        self.gradients = np.zeros_like(self.weights)
        self.batch = Table.of(EXAMPLE, np.dtype(np.float64), joins_bias=True).batch(ROW)
        self.work = Pass(ARTICLE, self.layout, self.weights, self.gradients, 1)

    def error(self) -> float:
        self.work.forward(self.batch)
        return float(self.work.sums[0])

    def step(self) -> None:
        self.error()
        self.work.backward()
        rated = self.gradients * ARTICLE.learning_rate
        Sgd([ARTICLE], np.dtype(np.float64)).update(self.weights, rated, {}, 1)


def same(actual: dict[str, FloatArray], expected: dict[str, list[float] | list[list[float]]]) -> bool:
    return all(np.allclose(actual[name], values, rtol=0, atol=1e-12) for name, values in expected.items())


def test_the_worked_examples_forward_pass() -> None:
    example = WorkedExample()
    assert example.error() == pytest.approx(0.25, abs=1e-12)
    assert example.work.outputs[0, :, 0].tolist() == [0.0, 0.5]


def test_the_worked_examples_gradients() -> None:
    example = WorkedExample()
    example.error()
    example.work.backward()
    gradients = example.layout.unpack(example.gradients[0])
    assert same(
        gradients,
        {
            "layers.1.weight": [[0.0, -0.25]],
            "layers.1.bias": [0.0, -0.5],
            "layers.0.weight": [[-0.5], [-0.25], [-0.5]],
            "layers.0.bias": [-0.5],
        },
    )


def test_the_worked_examples_weights_after_the_step_and_second_forward_pass() -> None:
    example = WorkedExample()
    example.step()
    assert same(
        example.layout.unpack(example.weights[0]),
        {
            "layers.1.weight": [[-1.0, 1.025]],
            "layers.1.bias": [0.0, 0.05],
            "layers.0.weight": [[0.55], [1.025], [-0.45]],
            "layers.0.bias": [0.05],
        },
    )
    assert example.error() == pytest.approx(3_311_689 / 20_480_000, abs=1e-12)
    assert example.work.outputs[0, :, 0].tolist() == pytest.approx([0.0, 0.7290625], abs=1e-12)


def test_repeated_for_ever_the_worked_example_stops_at_an_eighth_because_a_relu_is_dead() -> None:
    example = WorkedExample()
    for _ in range(500):
        example.step()
    assert example.error() == pytest.approx(0.125, abs=1e-12)


def test_without_activations_between_them_layers_collapse_into_one_linear_map() -> None:
    numbers = np.random.default_rng(3)
    first, second = numbers.standard_normal((4, 5)), numbers.standard_normal((5, 2))
    examples = Examples(numbers.standard_normal((6, 4)), numbers.standard_normal((6, 2)), 2, "regression")
    deep = {"activation": "identity", "hidden_layers": [5], "dtype": "float64"}
    rows = np.arange(6)
    stacked = {"layers.0.weight": first, "layers.0.bias": np.zeros(5)}
    stacked |= {"layers.1.weight": second, "layers.1.bias": np.ones(2)}
    once = {"layers.0.weight": first @ second, "layers.0.bias": np.ones(2)}
    linear: Configuration = resolve({"hidden_layers": [], "dtype": "float64"}, task="regression")
    deep_loss = evaluate(resolve(deep, task="regression"), stacked, examples, rows).loss
    assert deep_loss == pytest.approx(evaluate(linear, once, examples, rows).loss, rel=1e-12)


def test_a_network_of_a_million_parameters_takes_a_step_through_the_same_code() -> None:
    numbers = np.random.default_rng(4)
    examples = Examples(numbers.standard_normal((8, 64)), numbers.integers(0, 10, 8), 10, "classification")
    configuration = resolve(
        {"hidden_layers": [960, 960], "epochs": 2, "learning_rate": 0.01}, task="classification"
    )
    everyone = np.arange(8)
    population = Population.start([Member(configuration, 0, everyone, everyone[:0])], examples)
    losses: list[float] = []
    assert population.layout.parameters == 64 * 960 + 960 + 960 * 960 + 960 + 960 * 10 + 10
    assert population.layout.parameters > 990_000
    train(population, on_epoch=lambda report: losses.append(float(report.train_loss[0])))
    assert losses[1] < losses[0]


def test_parameters_of_another_shape_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"layers\.0\.weight"):
        evaluate(ARTICLE, {**FIRST, "layers.0.weight": np.zeros((2, 1))}, EXAMPLE, np.arange(1))
