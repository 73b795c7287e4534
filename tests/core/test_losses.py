"""Losses are means over the batch, by the formulas that the conventions name, and finite far from right."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.batches import Batch
from core.losses import LOSSES, AbsoluteError, BinaryCrossEntropy, CrossEntropy, Huber, Loss, SquaredError

FLOAT64 = np.dtype(np.float64)


def columns(by_example: list[list[float]]) -> np.ndarray:
    """Return numbers (1, batch, outputs) as losses take them (1, outputs, batch)."""
    return np.array([by_example]).transpose(0, 2, 1).copy()


def rows(gradient: np.ndarray) -> list[list[float]]:
    """Return one run's derivatives (1, outputs, batch) by example."""
    numbers: list[list[float]] = gradient[0].T.tolist()
    return numbers


def batch(targets: list[list[float]], classes: list[int]) -> Batch:
    right = np.array([classes], np.int64)
    positions = right * len(classes) + np.arange(len(classes))
    return Batch(np.empty((1, len(classes), 0)), columns(targets), right, positions)


def right(loss: Loss, asked: Batch, runs: int = 1) -> list[list[bool]]:
    """Return which examples the loss's last forward pass calls right (runs, batch)."""
    found = np.zeros((runs, asked.classes.shape[1]), np.bool_)
    loss.hits(asked, found)
    answers: list[list[bool]] = found.tolist()
    return answers


def one_hot(classes: list[int], outputs: int) -> Batch:
    return batch(np.eye(outputs)[classes].tolist(), classes)


def test_the_articles_loss_vector() -> None:
    loss = SquaredError((1, 2, 1), FLOAT64)
    loss.forward(columns([[0.0, 0.5]]), batch([[-0.5, 1.0]], [0]))
    assert loss.sums.tolist() == [0.25]
    assert rows(loss.backward()) == [[0.5, -0.5]]  # 2 (y - t) / n


def test_a_batch_of_two_halves_each_examples_share_of_the_derivative() -> None:
    loss = SquaredError((1, 2, 2), FLOAT64)
    loss.forward(columns([[0.0, 0.5], [1.0, 1.0]]), batch([[-0.5, 1.0], [1.0, 1.0]], [0, 0]))
    assert loss.sums.tolist() == [0.25]
    assert rows(loss.backward()) == [[0.25, -0.25], [0.0, 0.0]]


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes() -> None:
    loss = CrossEntropy((1, 4, 1), FLOAT64)
    loss.forward(np.full((1, 4, 1), 3.0), one_hot([2], 4))
    assert loss.sums[0] == pytest.approx(math.log(4), abs=1e-15)
    assert rows(loss.backward())[0] == pytest.approx([0.25, 0.25, -0.75, 0.25], abs=1e-15)


def test_cross_entropy_is_minus_the_logarithm_of_the_softmax() -> None:
    logits = [[0.2, -1.3, 2.4], [0.0, 0.5, -0.5]]
    loss = CrossEntropy((1, 3, 2), FLOAT64)
    asked = one_hot([1, 0], 3)
    loss.forward(columns(logits), asked)
    shares = [[math.exp(z) / sum(map(math.exp, row)) for z in row] for row in logits]
    assert loss.sums[0] == pytest.approx(-math.log(shares[0][1]) - math.log(shares[1][0]), rel=1e-14)
    expected = [(p - (j == t)) / 2 for row, t in zip(shares, (1, 0), strict=True) for j, p in enumerate(row)]
    assert np.ravel(rows(loss.backward())).tolist() == pytest.approx(expected, abs=1e-15)
    assert right(loss, asked) == [[False, False]]  # of classes 2 and 1


def test_logits_of_a_thousand_neither_overflow_nor_lose_the_loss() -> None:
    loss = CrossEntropy((1, 2, 1), np.dtype(np.float32))
    loss.forward(columns([[1000.0, -1000.0]]).astype(np.float32), one_hot([1], 2))
    assert loss.sums.tolist() == [2000.0]


def test_each_run_has_its_own_loss() -> None:
    loss = SquaredError((2, 1, 1), FLOAT64)
    loss.forward(np.array([[[1.0]], [[3.0]]]), batch([[0.0]], [0]))
    assert loss.sums.tolist() == [1.0, 9.0]


def test_the_absolute_error_is_a_mean_over_outputs_with_derivative_0_at_0() -> None:
    loss = AbsoluteError((1, 2, 2), FLOAT64)
    loss.forward(columns([[0.0, 0.5], [1.0, 4.0]]), batch([[-0.5, 1.0], [1.0, 1.0]], [0, 0]))
    assert loss.sums.tolist() == [(0.5 + 0.5) / 2 + (0 + 3) / 2]
    assert rows(loss.backward()) == [[0.25, -0.25], [0.0, 0.25]]


def test_huber_is_square_up_to_1_and_straight_beyond() -> None:
    residuals = [-3.0, -1.0, -0.5, 0.0, 0.25, 1.0, 1.5]
    loss = Huber((1, len(residuals), 1), FLOAT64)
    loss.forward(columns([residuals]), batch([[0.0] * len(residuals)], [0]))
    # Huber (1964), with delta = 1: r^2 / 2 if |r| <= 1, else |r| - 1/2.
    terms = [r * r / 2 if abs(r) <= 1 else abs(r) - 0.5 for r in residuals]
    assert loss.sums[0] == pytest.approx(sum(terms) / len(terms), rel=1e-15)
    slopes = [max(-1.0, min(1.0, r)) / len(residuals) for r in residuals]
    assert rows(loss.backward())[0] == pytest.approx(slopes, abs=1e-16)


def test_binary_cross_entropy_is_a_mean_over_outputs_of_sigmoids_logarithms() -> None:
    logits, classes = [[0.2, -1.3, 2.4], [0.0, 0.5, -0.5]], [1, 0]
    targets = [[float(j == t) for j in range(3)] for t in classes]
    loss = BinaryCrossEntropy((1, 3, 2), FLOAT64)
    asked = batch(targets, classes)
    loss.forward(columns(logits), asked)
    p = [[1 / (1 + math.exp(-z)) for z in row] for row in logits]
    terms = [
        -math.log(share) if target else -math.log(1 - share)
        for shares, row in zip(p, targets, strict=True)
        for share, target in zip(shares, row, strict=True)
    ]
    assert loss.sums[0] == pytest.approx(sum(terms) / 3, rel=1e-14)
    assert right(loss, asked) == [[False, False]]  # of classes 2 and 1
    expected = [(p[b][j] - targets[b][j]) / (3 * 2) for b in range(2) for j in range(3)]
    assert np.ravel(rows(loss.backward())).tolist() == pytest.approx(expected, abs=1e-16)


def test_binary_logits_of_a_thousand_neither_overflow_nor_lose_the_loss() -> None:
    loss = BinaryCrossEntropy((1, 2, 1), np.dtype(np.float32))
    with np.errstate(over="ignore"):
        loss.forward(columns([[1000.0, -1000.0]]).astype(np.float32), batch([[0.0, 1.0]], [1]))
        assert loss.sums.tolist() == [1000.0]
        assert rows(loss.backward()) == [[0.5, -0.5]]
        loss.forward(columns([[1000.0, -1000.0]]).astype(np.float32), batch([[1.0, 0.0]], [0]))
        assert loss.sums.tolist() == [0.0]
        assert rows(loss.backward()) == [[0.0, 0.0]]


def test_two_classes_are_two_outputs_each_with_a_logit_of_its_own() -> None:
    loss = BinaryCrossEntropy((1, 2, 1), FLOAT64)
    loss.forward(columns([[0.0, 0.0]]), batch([[0.0, 1.0]], [1]))
    assert loss.sums[0] == pytest.approx(math.log(2), abs=1e-15)


@pytest.mark.parametrize("name", ["cross_entropy", "binary_cross_entropy"])
def test_a_logit_has_no_residual(name: str) -> None:
    with pytest.raises(NotImplementedError, match="no residual"):
        LOSSES[name]((1, 2, 1), FLOAT64).residual()


@pytest.mark.parametrize("name", LOSSES)
def test_one_set_of_targets_serves_all_runs(name: str) -> None:
    draw = np.random.default_rng(3)
    outputs, classes = draw.standard_normal((3, 5, 4)), draw.integers(0, 5, 4)
    shared = one_hot(classes.tolist(), 5)
    together = LOSSES[name]((3, 5, 4), FLOAT64)
    together.forward(outputs, shared)
    sums, gradient = together.sums.copy(), together.backward().copy()
    for run in range(3):
        alone = LOSSES[name]((1, 5, 4), FLOAT64)
        alone.forward(outputs[run : run + 1], shared)
        assert alone.sums[0] == sums[run]
        assert np.array_equal(alone.backward()[0], gradient[run])


@pytest.mark.parametrize("name", LOSSES)
def test_each_run_multiplies_its_derivative_with_a_factor_of_its_own(name: str) -> None:
    draw = np.random.default_rng(4)
    outputs, batch = draw.standard_normal((3, 5, 4)), one_hot([0, 3, 1, 4], 5)
    plain, scaled = (LOSSES[name]((3, 5, 4), FLOAT64) for _ in range(2))
    plain.forward(outputs, batch)
    scaled.set_factors(np.array([1.0, 0.5, 0.0]))
    scaled.forward(outputs, batch)
    expected = plain.backward() * np.array([1.0, 0.5, 0.0])[:, None, None]
    np.testing.assert_allclose(scaled.backward(), expected, rtol=1e-15)
    assert np.array_equal(plain.sums, scaled.sums)


@pytest.mark.parametrize("name", LOSSES)
def test_each_examples_loss_is_a_part_of_the_sum(name: str) -> None:
    draw = np.random.default_rng(4)
    loss = LOSSES[name]((3, 5, 4), FLOAT64)
    loss.forward(draw.standard_normal((3, 5, 4)), one_hot([0, 3, 1, 4], 5))
    np.testing.assert_allclose(loss.by_example().sum(axis=1), loss.sums, rtol=1e-14)


@pytest.mark.parametrize("runs", [1, 3, 30])
@pytest.mark.parametrize("outputs", [1, 2, 3, 5, 10, 17])
@pytest.mark.parametrize("name", LOSSES)
def test_of_equal_outputs_the_first_is_the_answer_however_many_runs_there_are(
    name: str, outputs: int, runs: int
) -> None:
    draw = np.random.default_rng(outputs)
    values = draw.integers(0, 3, (runs, outputs, 40)).astype(np.float64)  # full of equals
    values[:, :, :5] = draw.standard_normal((runs, outputs, 5))
    values[-1, -1, 7] = np.nan
    asked = one_hot(draw.integers(0, outputs, 40).tolist(), outputs)
    loss = LOSSES[name]((runs, outputs, 40), FLOAT64)
    with np.errstate(invalid="ignore"):
        loss.forward(values, asked)
    expected = values.argmax(axis=1) == asked.classes
    assert right(loss, asked, runs) == expected.tolist()


@pytest.mark.parametrize("runs", [1, 3, 30])
def test_answers_are_those_of_the_largest_output_where_none_are_equal(runs: int) -> None:
    draw = np.random.default_rng(runs)
    values = draw.standard_normal((runs, 10, 32))
    asked = one_hot(draw.integers(0, 10, 32).tolist(), 10)
    loss = CrossEntropy((runs, 10, 32), FLOAT64)
    loss.forward(values, asked)
    assert right(loss, asked, runs) == (values.argmax(axis=1) == asked.classes).tolist()
