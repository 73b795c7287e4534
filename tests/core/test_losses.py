"""Losses are means over the batch; mse has no factor one half, cross-entropy the natural logarithm."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.batches import Batch
from core.losses import CrossEntropy, SquaredError

FLOAT64 = np.dtype(np.float64)


def batch(targets: list[list[float]], classes: list[int]) -> Batch:
    return Batch(np.empty((1, len(classes), 0)), np.array([targets]), np.array([classes], np.int64))


def test_the_articles_loss_vector() -> None:
    loss = SquaredError((1, 1, 2), FLOAT64)
    loss.forward(np.array([[[0.0, 0.5]]]), batch([[-0.5, 1.0]], [0]))
    assert loss.sums.tolist() == [0.25]
    assert loss.backward().tolist() == [[[0.5, -0.5]]]  # 2 (y - t) / n


def test_a_batch_of_two_halves_each_examples_share_of_the_derivative() -> None:
    loss = SquaredError((1, 2, 2), FLOAT64)
    loss.forward(np.array([[[0.0, 0.5], [1.0, 1.0]]]), batch([[-0.5, 1.0], [1.0, 1.0]], [0, 0]))
    assert loss.sums.tolist() == [0.25]
    assert loss.backward().tolist() == [[[0.25, -0.25], [0.0, 0.0]]]


def test_equal_logits_cost_the_logarithm_of_the_number_of_classes() -> None:
    loss = CrossEntropy((1, 1, 4), FLOAT64)
    loss.forward(np.full((1, 1, 4), 3.0), batch([[]], [2]))
    assert loss.sums[0] == pytest.approx(math.log(4), abs=1e-15)
    assert loss.backward()[0, 0].tolist() == pytest.approx([0.25, 0.25, -0.75, 0.25], abs=1e-15)


def test_cross_entropy_is_minus_the_logarithm_of_the_softmax() -> None:
    logits = [[0.2, -1.3, 2.4], [0.0, 0.5, -0.5]]
    loss = CrossEntropy((1, 2, 3), FLOAT64)
    loss.forward(np.array([logits]), batch([[], []], [1, 0]))
    shares = [[math.exp(z) / sum(map(math.exp, row)) for z in row] for row in logits]
    assert loss.sums[0] == pytest.approx(-math.log(shares[0][1]) - math.log(shares[1][0]), rel=1e-14)
    expected = [(p - (j == t)) / 2 for row, t in zip(shares, (1, 0), strict=True) for j, p in enumerate(row)]
    assert loss.backward().reshape(-1).tolist() == pytest.approx(expected, abs=1e-15)
    assert loss.predicted().tolist() == [[2, 1]]


def test_logits_of_a_thousand_neither_overflow_nor_lose_the_loss() -> None:
    loss = CrossEntropy((1, 1, 2), np.dtype(np.float32))
    loss.forward(np.array([[[1000.0, -1000.0]]], np.float32), batch([[]], [1]))
    assert loss.sums.tolist() == [2000.0]


def test_each_run_has_its_own_loss() -> None:
    loss = SquaredError((2, 1, 1), FLOAT64)
    loss.forward(np.array([[[1.0]], [[3.0]]]), batch([[0.0]], [0]))
    assert loss.sums.tolist() == [1.0, 9.0]
