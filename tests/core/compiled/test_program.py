"""Compiled steps do what NumPy's passes do: products to rounding, everything else to the bit."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.activations import Relu
from core.batches import Batch
from core.compiled.library import kernel
from core.compiled.program import AT_ONCE, Code, Descent, Program, Step, add_to_columns, each, loss, multiply
from core.configuration import resolve
from core.losses import LOSSES
from core.optimizers import OPTIMIZERS

FOUND = kernel()
pytestmark = pytest.mark.skipif(
    FOUND is None, reason="compiled steps were not built, or not for this processor"
)
RUNS = 3
DTYPES = [np.float32, np.float64]
Array = NDArray[Any]


def run(dtype: Any, *steps: Step, runs: int = RUNS) -> None:
    assert FOUND is not None
    Program(FOUND, runs, np.dtype(dtype), steps).run()


def drawn(*shape: int, dtype: Any = np.float64, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("m", "n", "k"), list(product((1, 2, 6, 7, 13, 33), (1, 3, 8, 9, 31, 70), (1, 5, 40)))
)
def test_a_product_is_matmuls_to_rounding_however_its_factors_lie(dtype: Any, m: int, n: int, k: int) -> None:
    left, right = drawn(RUNS, m, k, dtype=dtype), drawn(RUNS, k, n, dtype=dtype, seed=1)
    turned_left = np.ascontiguousarray(left.transpose(0, 2, 1)).transpose(0, 2, 1)
    turned_right = np.ascontiguousarray(right.transpose(0, 2, 1)).transpose(0, 2, 1)
    outs = []
    for a, b in product((left, turned_left), (right, turned_right)):
        out = np.full((RUNS, m, n), np.nan, dtype)
        run(dtype, multiply(a, b, out))
        outs.append(out)
    assert all(np.array_equal(out, outs[0]) for out in outs)
    scale = k * np.finfo(dtype).eps * 8
    np.testing.assert_allclose(outs[0], left @ right, atol=scale, rtol=scale)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [5, 16, 40])
def test_what_is_done_to_a_product_on_its_way_equals_the_steps_one_by_one(dtype: Any, n: int) -> None:
    left, right, bias = (
        drawn(RUNS, 11, 7, dtype=dtype),
        drawn(RUNS, 7, n, dtype=dtype),
        drawn(RUNS, 1, n, dtype=dtype),
    )
    plain = np.empty((RUNS, 11, n), dtype)
    run(dtype, multiply(left, right, plain))
    biased = plain + bias
    out = np.empty_like(plain)
    run(dtype, multiply(left, right, out, bias=bias, then=Code.RELU))
    np.testing.assert_array_equal(out, np.maximum(biased, 0))
    y = np.maximum(drawn(RUNS, 11, n, dtype=dtype, seed=4), 0)
    run(dtype, multiply(left, right, out, then=Code.RELU_SLOPE, where=y))
    np.testing.assert_array_equal(out, np.where(y > 0, plain, 0))
    weights = drawn(RUNS, 11, n, dtype=dtype, seed=5)
    out = weights.copy()
    run(dtype, multiply(left, right, out, then=Code.DESCEND))
    np.testing.assert_array_equal(out, weights - plain)


def test_runs_may_share_a_factor_and_factors_of_other_runs_are_not_touched() -> None:
    sets, right = drawn(2, 4, 3), drawn(5, 3, 6)
    of_run = np.array([1, 0, 0, 1, 0])
    out = np.empty((5, 4, 6))
    run(np.float64, multiply(sets, right, out, left_of_run=of_run), runs=5)
    np.testing.assert_allclose(out, sets[of_run] @ right, rtol=1e-14, atol=1e-14)
    run(
        np.float64,
        multiply(right, drawn(2, 6, 4, seed=7), out[:, :3, :4].copy(), right_of_run=of_run),
        runs=5,
    )


def test_factors_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(3, 2, 4\) times \(3, 5, 6\) is not \(3, 2, 6\)"):
        multiply(drawn(3, 2, 4), drawn(3, 5, 6), np.empty((3, 2, 6)))
    with pytest.raises(ValueError, match="lie in one piece"):
        multiply(drawn(3, 2, 4), drawn(3, 8, 12)[:, ::2, ::2], np.empty((3, 2, 6)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_relu_and_its_slope_have_numpys_bits_at_zero_and_at_nan_too(dtype: Any) -> None:
    x = drawn(RUNS, 5, 13, dtype=dtype)
    x[:, 0, :4] = [0.0, -0.0, np.inf, -np.inf]
    expected = Relu(x.shape, np.dtype(dtype))
    y, gradient = expected.forward(x.copy()).copy(), drawn(*x.shape, dtype=dtype, seed=2)
    ours = x.copy()
    run(dtype, each(Code.RELU, ours))
    assert ours.tobytes() == y.tobytes()
    back, ours_back = expected.backward(gradient.copy()), gradient.copy()
    run(dtype, each(Code.RELU_SLOPE, ours_back, ours))
    assert ours_back.tobytes() == back.tobytes()
    nan = np.full((RUNS, 1, 1), np.nan, dtype)
    run(dtype, each(Code.RELU, nan))
    assert np.isnan(nan).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_bias_is_added_to_every_column(dtype: Any) -> None:
    outputs, bias = drawn(RUNS, 5, 9, dtype=dtype), drawn(RUNS, 5, 1, dtype=dtype, seed=1)
    expected = outputs + bias
    run(dtype, add_to_columns(outputs, bias))
    assert outputs.tobytes() == expected.tobytes()


UPDATES = {
    "sgd": {},
    "momentum": {"momentum": 0.7},
    "nesterov": {"momentum": 0.8},
    "adam": {"beta1": 0.8, "beta2": 0.95},
    "adamw": {},
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", UPDATES)
def test_updates_have_numpys_bits_step_by_step(dtype: Any, name: str) -> None:
    configurations = [
        resolve({"optimizer": name, "learning_rate": rate, **UPDATES[name]}, task="classification")
        for rate in (0.01, 0.1, 0.3)
    ]
    optimizer = OPTIMIZERS[name](configurations, np.dtype(dtype))
    ours, theirs = drawn(RUNS, 37, dtype=dtype), drawn(RUNS, 37, dtype=dtype)
    state, other = ({key: np.zeros_like(ours) for key in optimizer.state_names} for _ in range(2))
    gradient = np.empty_like(ours)
    step = optimizer.compiled(ours, gradient, state)
    if isinstance(step, Descent):  # along a product as it is made
        where = None if step.velocity is None else step.velocity[:, None]
        left, right, out = np.ones((1, 1, 1), dtype), gradient[:, None], ours[:, None]
        step = multiply(left, right, out, then=step.code, where=where, numbers=step.numbers)
    rates = before = np.array([0.01, 0.1, 0.3])
    for count in range(1, 6):
        gradient[...] = drawn(RUNS, 37, dtype=dtype, seed=count)
        optimizer.set_rates(rates, before)
        optimizer.prepare(count, 1)
        run(dtype, step)
        optimizer.update(theirs, gradient.copy(), other, count)
        assert ours.tobytes() == theirs.tobytes()
        rates, before = rates * 0.9, rates
    assert all(state[key].tobytes() == other[key].tobytes() for key in state)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["mse", "cross_entropy"])
@pytest.mark.parametrize("batch", [1, 7, 32, 150])
def test_losses_are_numpys_to_rounding_and_count_the_same_answers(
    dtype: Any, name: str, batch: int, weighted: bool
) -> None:
    outputs = drawn(RUNS, 5, batch, dtype=dtype) * 3
    outputs[1, 3] = outputs[1, 1]  # of equal outputs the first counts
    examples = _examples(batch, 5, dtype)
    numpys = LOSSES[name](outputs.shape, np.dtype(dtype))
    numpys.set_factors(np.array([1.0, 0.5, 2.0]))
    class_weights = drawn(RUNS, 5, dtype=dtype, seed=9) ** 2 if weighted else None
    gradient, by_output = np.empty_like(outputs), np.empty((AT_ONCE, RUNS, 5), dtype)
    sums, hits = np.empty((AT_ONCE, RUNS), dtype), np.empty((AT_ONCE, RUNS), np.int64)
    assert numpys.code is not None
    step = loss(
        numpys.code, outputs, examples, gradient, numpys.scale, sums, hits,
        by_output=by_output, class_weights=class_weights,
    )  # fmt: skip
    run(dtype, step)
    numpys.forward(outputs, examples)
    counts = np.ones((RUNS, batch), dtype) if class_weights is None else class_weights[:, examples.classes[0]]
    expected_sums = (numpys.by_example() * counts).sum(axis=1)
    right = np.empty((RUNS, batch), np.bool_)
    numpys.hits(examples, right)
    assert hits[0].tolist() == np.count_nonzero(right, axis=1).tolist()
    if name == "mse":
        np.testing.assert_allclose(
            by_output[0], np.square(numpys.residual()).sum(axis=2), rtol=20 * np.finfo(dtype).eps
        )
    tolerance = 60 * np.finfo(dtype).eps
    np.testing.assert_allclose(sums[0], expected_sums, rtol=tolerance)
    np.testing.assert_allclose(
        gradient, numpys.backward() * counts[:, None], rtol=tolerance, atol=tolerance / 50
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_cross_entropy_stays_finite_for_large_logits_and_says_nan_for_nan(dtype: Any) -> None:
    outputs = np.array([[[1e4], [0.0], [-1e4]], [[-1e30], [1e30], [0.0]], [[np.nan], [0.0], [1.0]]], dtype)
    examples = _examples(1, 3, dtype)
    sums, hits = np.empty((AT_ONCE, RUNS), dtype), np.empty((AT_ONCE, RUNS), np.int64)
    gradient, by_output = np.empty_like(outputs), np.empty((AT_ONCE, RUNS, 3), dtype)
    scale = np.ones((RUNS, 1, 1), dtype)
    run(dtype, loss(Code.CROSS_ENTROPY, outputs, examples, gradient, scale, sums, hits, by_output=by_output))
    assert examples.classes[0, 0] == 0
    assert sums[0, 0] == 0.0
    assert sums[0, 1] == pytest.approx(2e30)
    assert np.isnan(sums[0, 2])
    np.testing.assert_array_equal(gradient[:2, :, 0], [[0, 0, 0], [-1, 1, 0]])


def _examples(batch: int, outputs: int, dtype: Any) -> Batch:
    classes = np.arange(batch)[None] * 3 % outputs
    targets = np.ascontiguousarray(np.eye(outputs, dtype=dtype)[classes].transpose(0, 2, 1))
    return Batch(np.empty((1, batch, 1), dtype), targets, classes, classes * batch + np.arange(batch))
