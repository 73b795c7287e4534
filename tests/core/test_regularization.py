"""Penalties, clipping and decay do what their formulas say; penalties and decay leave biases alone."""

from __future__ import annotations

import numpy as np
import pytest

from core.configuration import Configuration, resolve
from core.layout import Layout
from core.regularization import Clipping, Decay, Penalty, lengths

LAYOUT = Layout((3, 4, 2))
RUNS = 3


def configurations(**values: object) -> list[Configuration]:
    """Return configurations of which each run's numbers are a multiple of the first's."""
    told = [{name: (run + 1) * value for name, value in values.items()} for run in range(RUNS)]  # type: ignore[operator]
    return [resolve(each, task="regression") for each in told]


def rows(seed: int, dtype: type = np.float64) -> np.ndarray:
    draw = np.random.default_rng(seed)
    packed = [
        LAYOUT.pack({t.name: draw.standard_normal(t.shape) for t in LAYOUT.tensors}, np.dtype(dtype))
        for _ in range(RUNS)
    ]
    return np.stack(packed)


def penalty(row: np.ndarray, l1: float, l2: float) -> float:
    """Return lambda1 sum |W| + (lambda2 / 2) sum W^2 over the weights of one run's row."""
    weights = [tensor for name, tensor in LAYOUT.unpack(row).items() if name.endswith("weight")]
    return sum(l1 * float(np.abs(w).sum()) + l2 / 2 * float((w**2).sum()) for w in weights)


@pytest.mark.parametrize("values", [{"l1": 0.1}, {"l2": 0.3}, {"l1": 0.1, "l2": 0.3}], ids=" ".join)
def test_the_derivative_of_the_penalty_is_its_central_difference(values: dict[str, float]) -> None:
    weights, gradients = rows(1), np.zeros((RUNS, LAYOUT.width))
    settings = configurations(**values)
    Penalty(settings, LAYOUT, weights, gradients).add()
    h = 1e-6
    for run, c in enumerate(settings):
        for column in (i for t in LAYOUT.tensors for i in range(t.start, t.stop)):
            ahead, behind = weights[run].copy(), weights[run].copy()
            ahead[column] += h
            behind[column] -= h
            numeric = (penalty(ahead, c.l1, c.l2) - penalty(behind, c.l1, c.l2)) / (2 * h)
            assert gradients[run, column] == pytest.approx(numeric, abs=1e-8)


def test_a_weight_of_0_has_no_derivative_and_biases_have_none_at_all() -> None:
    weights, gradients = np.zeros((RUNS, LAYOUT.width)), rows(2)
    before = gradients.copy()
    Penalty(configurations(l1=0.1, l2=0.1), LAYOUT, weights, gradients).add()
    assert np.array_equal(gradients, before)
    weights = rows(3)
    Penalty(configurations(l1=0.1, l2=0.1), LAYOUT, weights, gradients).add()
    for run in range(RUNS):
        was, now = LAYOUT.unpack(before[run]), LAYOUT.unpack(gradients[run])
        assert all(np.array_equal(was[name], now[name]) for name in was if name.endswith("bias"))
        assert not any(np.array_equal(was[name], now[name]) for name in was if name.endswith("weight"))


def test_a_gradient_too_long_is_shortened_to_the_threshold_and_another_keeps_its_bits() -> None:
    gradients = rows(4)
    length = np.linalg.norm(gradients, axis=1)
    thresholds = [0.5 * length[0], 2.0 * length[1], 1e-3]
    settings = [resolve({"gradient_clip": float(value)}, task="regression") for value in thresholds]
    clipped = gradients.copy()
    Clipping(settings).shorten(clipped)
    np.testing.assert_allclose(clipped[0], gradients[0] * 0.5, rtol=1e-14)
    assert np.array_equal(clipped[1], gradients[1])
    assert np.linalg.norm(clipped[2]) == pytest.approx(1e-3, rel=1e-14)


def test_the_norm_is_global_over_weights_and_biases_of_all_layers() -> None:
    row = LAYOUT.pack({t.name: np.ones(t.shape) for t in LAYOUT.tensors}, np.dtype(np.float64))
    assert lengths(row[None])[0] == pytest.approx(LAYOUT.parameters**0.5, rel=1e-15)


def test_a_gradient_whose_square_no_float32_can_hold_is_shortened_too() -> None:
    gradients = np.full((1, 4), 1e30, np.float32)
    with np.errstate(over="ignore"):
        Clipping([resolve({"gradient_clip": 2.0}, task="regression")]).shorten(gradients)
    np.testing.assert_allclose(gradients, np.ones((1, 4)), rtol=1e-6)


@pytest.mark.parametrize("size", [1e200, 1e308])
def test_a_gradient_whose_square_no_float64_can_hold_keeps_its_direction(size: float) -> None:
    gradients = np.array([[0.6 * size, -0.8 * size], [1.5 * size, 1.5 * size], [1.0, 0.0]])
    with np.errstate(over="ignore"):
        Clipping([resolve({"gradient_clip": 2.0}, task="regression")] * 3).shorten(gradients)
    root = 2.0**0.5
    np.testing.assert_allclose(gradients, [[1.2, -1.6], [root, root], [1.0, 0.0]], rtol=1e-14)


def test_a_gradient_that_is_not_finite_stays_so() -> None:
    gradients = np.array([[np.inf, 1.0], [np.nan, 1.0]], np.float32)
    with np.errstate(invalid="ignore"):
        Clipping([resolve({"gradient_clip": 2.0}, task="regression")] * 2).shorten(gradients)
    assert np.isnan(gradients[:, 0]).all()


def test_decay_is_rate_times_decay_times_the_weights_before_the_step() -> None:
    weights, gradients = rows(5), rows(6)
    before, change = weights.copy(), gradients.copy()
    decay = Decay(configurations(weight_decay=0.2), LAYOUT, weights, gradients)
    rates = np.array([0.1, 0.2, 0.3])
    decay.measure(rates)
    weights -= gradients  # what an optimizer does between the two
    velocity = gradients.copy()
    total = decay.take(velocity)
    for run in range(RUNS):
        was, moved, now = (LAYOUT.unpack(array[run]) for array in (before, change, weights))
        for name in was:
            share = rates[run] * 0.2 * (run + 1) if name.endswith("weight") else 0.0
            np.testing.assert_allclose(now[name], was[name] - moved[name] - share * was[name], rtol=1e-13)
    np.testing.assert_allclose(before - total, weights, rtol=1e-13, atol=1e-15)
    assert np.array_equal(velocity, change), "the optimizer's state is not the decay's to change"
