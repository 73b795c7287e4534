"""Metrics follow their textbook definitions, and a constant answer is what a network is compared with."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest

from core.configuration import resolve
from core.errors import DataError, ShapeError
from core.evaluation import Trained, constant_predictor, evaluate, predict
from core.examples import Examples
from core.metrics import classification_metrics, r_squared

# Outputs are inputs: a linear network whose weights are the identity.
PASS_THROUGH = {"layers.0.weight": np.eye(2), "layers.0.bias": np.zeros(2)}
SQUARED = {"hidden_layers": [], "loss": "mse", "dtype": "float64"}


def test_regression_metrics_by_hand() -> None:
    answers = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 3.0]])
    examples = Examples(answers, np.array([[1.0, 1.0], [2.0, 1.0], [6.0, 4.0]]), 2, "regression")
    metrics = evaluate(resolve(SQUARED, task="regression"), PASS_THROUGH, examples, np.arange(3))
    assert metrics.loss == pytest.approx((9 + 1 + 1 + 1) / 6)
    assert metrics.mae == pytest.approx((3 + 1 + 1 + 1) / 6)
    assert metrics.rmse == pytest.approx((math.sqrt(3) + 1) / 2)
    assert metrics.r2 == pytest.approx(((1 - 9 / 14) + (1 - 3 / 6)) / 2)
    assert metrics.score == metrics.r2
    assert metrics.accuracy is None


def test_classification_metrics_by_hand() -> None:
    truths, answers = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, 0])
    metrics = classification_metrics(0.5, answers, truths, outputs=4)
    assert metrics.accuracy == pytest.approx(3 / 5)
    # F1 of the classes 0, 1, 2; class 3 occurs nowhere and does not count.
    assert metrics.macro_f1 == pytest.approx((2 / 4 + 4 / 5 + 0) / 3)


def test_a_constant_output_is_worth_one_if_met_and_nothing_if_not() -> None:
    squares = np.array([[0.0], [2.0]])
    assert r_squared(squares, np.zeros((2, 1))).tolist() == [1.0, 0.0]


@pytest.mark.parametrize("rows", [3, 7, 30])  # of these the sum of 0.1 is rounded, and not to 0.1 times rows
def test_a_constant_output_is_constant_however_its_sum_is_rounded(rows: int) -> None:
    targets = np.column_stack((np.full(rows, 0.1), np.arange(rows, dtype=np.float64)))
    assert targets[:, 0].mean() != 0.1
    examples = Examples(np.zeros((rows, 1)), targets, 2, "regression")
    chosen = np.arange(rows)
    near = {"layers.0.weight": np.zeros((1, 2)), "layers.0.bias": np.array([0.2, targets[:, 1].mean()])}
    assert evaluate(resolve(SQUARED, task="regression"), near, examples, chosen).r2 == pytest.approx(0.0)
    constant = constant_predictor(examples, chosen, chosen, "mse")
    assert constant.r2 == pytest.approx(0.5)  # 1 for the one that is met, 0 for the mean of the other
    alone = Examples(np.zeros((rows, 1)), targets[:, :1].copy(), 1, "regression")
    assert constant_predictor(alone, chosen, chosen, "mse").loss == 0.0


def test_evaluation_in_chunks_covers_every_row() -> None:
    draw = np.random.default_rng(2)
    inputs = draw.standard_normal((333, 2))
    examples = Examples(inputs, draw.integers(0, 2, 333), 2, "classification")
    metrics = evaluate(resolve(SQUARED, task="classification"), PASS_THROUGH, examples, np.arange(333))
    one_hot = np.eye(2)[examples.classes]
    assert metrics.loss == pytest.approx(np.mean((inputs - one_hot) ** 2), rel=1e-12)
    assert metrics.accuracy == np.mean(inputs.argmax(axis=1) == examples.classes)


def test_predictions_are_probabilities_under_softmax_and_outputs_otherwise() -> None:
    inputs = np.array([[0.0, math.log(3.0)], [1000.0, -1000.0]])
    soft = resolve({"hidden_layers": [], "dtype": "float64"}, task="classification")
    np.testing.assert_allclose(predict(soft, PASS_THROUGH, inputs), [[0.25, 0.75], [1.0, 0.0]], atol=1e-15)
    assert np.array_equal(predict(resolve(SQUARED, task="regression"), PASS_THROUGH, inputs), inputs)


def test_the_constant_predictor_answers_the_class_frequencies() -> None:
    examples = Examples(np.zeros((5, 1)), np.array([0, 0, 0, 1, 1], np.int64), 2, "classification")
    train, rows = np.arange(4), np.array([0, 4])  # frequencies 3/4 and 1/4
    entropy = constant_predictor(examples, train, rows, "cross_entropy")
    assert entropy.loss == pytest.approx(-(math.log(0.75) + math.log(0.25)) / 2)
    assert entropy.accuracy == 0.5
    squared = constant_predictor(examples, train, rows, "mse")
    assert squared.loss == pytest.approx((0.25**2 * 2 + 0.75**2 * 2) / 4)


def test_each_class_has_a_probability_of_its_own_under_binary_cross_entropy() -> None:
    inputs = np.array([[0.0, math.log(3.0)], [1000.0, -1000.0]])
    binary = {"hidden_layers": [], "dtype": "float64", "loss": "binary_cross_entropy"}
    found = predict(resolve(binary, task="classification"), PASS_THROUGH, inputs)
    np.testing.assert_allclose(found, [[0.5, 0.75], [1.0, 0.0]], atol=1e-15)
    squared = {"hidden_layers": [], "dtype": "float64", "loss": "mse", "output_activation": "sigmoid"}
    np.testing.assert_allclose(predict(resolve(squared, task="classification"), PASS_THROUGH, inputs), found)


def test_the_constant_predictors_loss_is_that_of_the_configuration() -> None:
    examples = Examples(np.zeros((5, 1)), np.array([0, 0, 0, 1, 1], np.int64), 2, "classification")
    train, rows = np.arange(4), np.array([0, 4])  # frequencies 3/4 and 1/4, residuals 1/4 and 3/4
    entropy = constant_predictor(examples, train, rows, "binary_cross_entropy")
    assert entropy.loss == pytest.approx(-(math.log(0.75) + math.log(0.25)) / 2)
    assert constant_predictor(examples, train, rows, "mae").loss == pytest.approx((0.25 + 0.75) / 2)
    numbers = Examples(np.zeros((4, 1)), np.array([[1.0], [3.0], [2.5], [9.0]]), 1, "regression")
    train, rows = np.array([0, 1]), np.array([2, 3])  # the mean is 2, residuals 0.5 and 7
    assert constant_predictor(numbers, train, rows, "mae").loss == pytest.approx(3.75)
    assert constant_predictor(numbers, train, rows, "huber").loss == pytest.approx((0.125 + 6.5) / 2)


def test_the_constant_predictor_answers_the_mean_of_the_training_rows() -> None:
    examples = Examples(np.zeros((4, 1)), np.array([[1.0], [3.0], [5.0], [9.0]]), 1, "regression")
    metrics = constant_predictor(examples, np.array([0, 1]), np.array([2, 3]), "mse")
    assert metrics.loss == pytest.approx((3**2 + 7**2) / 2)
    assert metrics.mae == pytest.approx(5.0)
    assert metrics.r2 == pytest.approx(1 - 58 / 8)
    assert constant_predictor(examples, np.arange(4), np.arange(4), "mse").r2 == pytest.approx(0.0)


def test_a_class_that_was_never_seen_costs_the_constant_predictor_everything() -> None:
    examples = Examples(np.zeros((2, 1)), np.array([0, 1], np.int64), 2, "classification")
    assert constant_predictor(examples, np.array([0]), np.array([1]), "cross_entropy").loss == math.inf


def test_an_evaluation_needs_rows() -> None:
    examples = Examples(np.zeros((2, 2)), np.array([0, 1], np.int64), 2, "classification")
    with pytest.raises(ShapeError, match=r"on \[0\] rows; allowed: equally many for each, and at least one"):
        evaluate(resolve(SQUARED, task="classification"), PASS_THROUGH, examples, np.empty(0, np.int64))


@pytest.mark.parametrize("row", [-1, 2])
def test_a_row_that_does_not_exist_is_not_evaluated(row: int) -> None:
    examples = Examples(np.zeros((2, 2)), np.array([0, 1], np.int64), 2, "classification")
    with pytest.raises(DataError, match="allowed: 0 to 1"):
        evaluate(resolve(SQUARED, task="classification"), PASS_THROUGH, examples, np.array([row]))


def test_a_prediction_needs_a_table_and_parameters_that_fit_it() -> None:
    configuration = resolve(SQUARED, task="regression")
    with pytest.raises(ShapeError, match=r"shape \(2,\); allowed: \(rows, features\)"):
        predict(configuration, PASS_THROUGH, np.zeros(2))
    with pytest.raises(ShapeError, match=r"allowed: .*\(3, 2\)"):
        predict(configuration, PASS_THROUGH, np.zeros((1, 3)))
    with pytest.raises(ShapeError, match=r"parameters have shapes \{\}"):
        predict(configuration, {}, np.zeros((1, 2)))


@pytest.mark.parametrize("shared", [True, False], ids=["the same rows", "rows of their own"])
@pytest.mark.parametrize(
    ("task", "loss", "hidden"),
    [
        ("classification", "mse", [7]),
        ("classification", "cross_entropy", [7, 5]),
        ("classification", "binary_cross_entropy", []),
        ("regression", "huber", [7]),
    ],
)
def test_together_each_run_is_evaluated_to_the_bits_that_it_has_alone(
    task: Literal["classification", "regression"], loss: str, hidden: list[int], shared: bool
) -> None:
    draw = np.random.default_rng(5)
    targets = draw.integers(0, 3, 400) if task == "classification" else draw.standard_normal((400, 3))
    examples = Examples(draw.standard_normal((400, 11)), targets, 3, task)
    configuration = resolve({"hidden_layers": hidden, "loss": loss}, task=task)
    sizes = [11, *hidden, 3]
    networks = [
        {
            f"layers.{layer}.{name}": draw.standard_normal(shape, np.float32)
            for layer in range(len(sizes) - 1)
            for name, shape in (
                ("weight", (sizes[layer], sizes[layer + 1])),
                ("bias", (sizes[layer + 1],)),
            )
        }
        for _ in range(6)
    ]
    # 129 rows: two whole chunks, and one of a single row. Two runs have rows in common in any case.
    chosen = [draw.permutation(400)[:129] for _ in networks]
    rows = [chosen[0]] * 6 if shared else [chosen[0], *chosen[:5]]
    together = Trained(configuration, networks, examples).on(rows)
    for run, (network, own) in enumerate(zip(networks, rows, strict=True)):
        alone = evaluate(configuration, network, examples, own)
        assert together.loss[run] == alone.loss
        assert together.score[run] == alone.score
        if loss in ("mse", "huber"):  # the others' outputs are logits, which predictions are not
            predicted = predict(configuration, network, examples.inputs[own])
            assert together.outputs[run].tobytes() == predicted.tobytes()
        by_itself = Trained(configuration, [network], examples).on([own])
        assert together.outputs[run].tobytes() == by_itself.outputs[0].tobytes()


def test_runs_that_are_evaluated_together_have_equally_many_rows() -> None:
    examples = Examples(np.zeros((2, 2)), np.array([0, 1], np.int64), 2, "classification")
    rows = [np.array([0]), np.array([0, 1])]
    with pytest.raises(ShapeError, match=r"\[1, 2\] rows; allowed: equally many"):
        Trained(resolve(SQUARED, task="classification"), [PASS_THROUGH] * 2, examples).on(rows)
