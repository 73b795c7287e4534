"""A whole run is what the published formulas make of it, one after the other, in a plain loop."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core.configuration import resolve
from core.examples import Examples
from core.members import Member
from core.training import Population

Learn = Callable[..., Any]  # conftest's History, which importlib mode leaves without a name to import
EPOCHS = 12
NOBODY = np.empty(0, np.int64)


def member(numbers: Examples, **values: object) -> Member:
    told = {"hidden_layers": [], "batch_size": "full", "epochs": EPOCHS, "dtype": "float64", **values}
    return Member(resolve(told, task="regression"), 3, np.arange(numbers.rows), NOBODY)


def gradient(numbers: Examples, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return dE/dW and dE/db of the mean squared error of a linear network."""
    d = 2.0 * (numbers.inputs @ w + b - numbers.numbers) / numbers.numbers.size
    return numbers.inputs.T @ d, d.sum(axis=0)


def test_penalties_then_clipping_then_adam_then_decay_at_the_rate_of_the_step(
    numbers: Examples, learn: Learn
) -> None:
    values = {
        "optimizer": "adamw",
        "learning_rate": 0.1,
        "learning_rate_schedule": "cosine",
        "warmup_epochs": 3,
        "weight_decay": 0.4,
        "l1": 0.01,
        "l2": 0.05,
        "gradient_clip": 1.0,
    }
    one = member(numbers, **values)
    start = Population.start([one], numbers).parameters(0)
    w, b = start["layers.0.weight"], start["layers.0.bias"]
    m, v = [np.zeros_like(w), np.zeros_like(b)], [np.zeros_like(w), np.zeros_like(b)]
    rates, norms = [], []
    for t in range(1, EPOCHS + 1):
        rate = 0.1 * (t / 3 if t <= 3 else (1 + math.cos(math.pi * (t - 4) / (EPOCHS - 3))) / 2)
        dw, db = gradient(numbers, w, b)
        dw = dw + 0.01 * np.sign(w) + 0.05 * w
        norm = math.sqrt(float((dw**2).sum() + (db**2).sum()))
        clipped = [g * min(1.0, 1.0 / norm) for g in (dw, db)]
        changes = []
        for slot, g in enumerate(clipped):
            m[slot] = 0.9 * m[slot] + 0.1 * g
            v[slot] = 0.999 * v[slot] + 0.001 * g**2
            m_hat, v_hat = m[slot] / (1 - 0.9**t), v[slot] / (1 - 0.999**t)
            changes.append(rate * m_hat / (np.sqrt(v_hat) + 1e-8))
        w, b = w - changes[0] - rate * 0.4 * w, b - changes[1]
        rates.append(rate)
        norms.append(norm)
    history = learn([one], numbers)
    assert any(norm > 1.0 for norm in norms)
    assert any(norm < 1.0 for norm in norms)
    np.testing.assert_allclose(history.endings[0].parameters["layers.0.weight"], w, rtol=1e-10)
    np.testing.assert_allclose(history.endings[0].parameters["layers.0.bias"], b, rtol=1e-10)
    # The norm that is reported is the one before clipping, the rate that of the epoch's last step.
    assert [report.learning_rate[0] for report in history.reports] == pytest.approx(rates, rel=1e-14)
    assert [report.gradient_norm[0] for report in history.reports] == pytest.approx(norms, rel=1e-10)


def test_ridge_regression_is_where_descent_with_l2_ends(numbers: Examples, learn: Learn) -> None:
    one = member(numbers, l2=0.1, learning_rate=0.4, epochs=300)
    history = learn([one], numbers)
    # Of (1/n) |XW + b - T|^2 + (lambda/2) |W|^2, n = rows * outputs, and X, T
    # centered: ((2/n) X'X + lambda) W = (2/n) X'T.
    x, t = numbers.inputs, numbers.numbers
    n, features = t.size, x.shape[1]
    centered, targets = x - x.mean(axis=0), t - t.mean(axis=0)
    w = np.linalg.solve(2 / n * centered.T @ centered + 0.1 * np.eye(features), 2 / n * centered.T @ targets)
    parameters = history.endings[0].parameters
    np.testing.assert_allclose(parameters["layers.0.weight"], w, atol=1e-9)
    np.testing.assert_allclose(parameters["layers.0.bias"], t.mean(axis=0) - x.mean(axis=0) @ w, atol=1e-9)
    # The losses that are reported know nothing of the penalty.
    loss = float(np.mean((x @ w + parameters["layers.0.bias"] - t) ** 2))
    assert history.reports[-1].train_loss[0] == pytest.approx(loss, rel=1e-9)


def test_l1_leaves_weights_that_carry_nothing_at_zero(learn: Learn) -> None:
    draw = np.random.default_rng(5)
    inputs = draw.standard_normal((200, 4))
    examples = Examples(inputs, inputs[:, :1] * 2.0, 1, "regression")
    one = member(examples, l1=0.2, learning_rate=0.01, epochs=600)
    weight = learn([one], examples).endings[0].parameters["layers.0.weight"][:, 0]
    assert np.abs(weight[1:]).max() < 0.01
    # Of (1/n) sum (w x - 2 x)^2 + 0.2 |w| the minimum is at 2 - 0.1 / mean(x^2).
    assert weight[0] == pytest.approx(2.0 - 0.1 / float(np.mean(inputs[:, 0] ** 2)), abs=0.02)


@pytest.mark.parametrize("optimizer", ["rprop", "irprop_minus"])
def test_rprop_reaches_the_least_squares_solution(numbers: Examples, learn: Learn, optimizer: str) -> None:
    one = member(numbers, optimizer=optimizer, epochs=200, initial_step_max=0.2)
    history = learn([one], numbers)
    with_ones = np.hstack([numbers.inputs, np.ones((numbers.rows, 1))])
    solution = np.linalg.lstsq(with_ones, numbers.targets, rcond=None)[0]
    np.testing.assert_allclose(history.endings[0].parameters["layers.0.weight"], solution[:-1], atol=1e-4)


def test_first_steps_are_drawn_by_seed(numbers: Examples, learn: Learn) -> None:
    told = {"optimizer": "rprop", "epochs": 1, "initial_step_max": 0.5}
    one = member(numbers, **told)
    start = Population.start([one], numbers).parameters(0)
    after = learn([one], numbers).endings[0].parameters
    moved = np.abs(after["layers.0.weight"] - start["layers.0.weight"])
    assert ((moved >= 0.1) & (moved <= 0.5)).all()
    assert len(np.unique(moved)) == moved.size
