"""Memory begins on a cache line, whatever its size."""

from __future__ import annotations

import numpy as np
import pytest

from core.activations import Relu, _keeps_negative_zeros
from core.arrays import CACHE_LINE, aligned, empty


@pytest.mark.parametrize("shape", [(1,), (3, 5), (64, 4816), (0, 7)], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_start_on_a_cache_line_in_one_piece(shape: tuple[int, ...], dtype: str) -> None:
    found = empty(shape, np.dtype(dtype))
    assert (found.shape, found.dtype) == (shape, np.dtype(dtype))
    assert found.flags.c_contiguous
    assert found.flags.writeable
    assert not found.size or found.ctypes.data % CACHE_LINE == 0


def test_a_copy_has_the_numbers_and_memory_of_its_own() -> None:
    numbers = np.random.default_rng(0).standard_normal((3, 7))
    copy = aligned(numbers)
    assert np.array_equal(copy, numbers)
    assert not np.shares_memory(copy, numbers)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_relus_slope_is_the_same_on_a_processor_that_keeps_negative_zeros(
    monkeypatch: pytest.MonkeyPatch, dtype: str
) -> None:
    kind = np.dtype(dtype)
    x = np.array([[0.0, -0.0, 1.5, -1.5, 1e-45 if dtype == "float32" else 5e-324]], kind)
    gradient = np.array([[2.0, -3.0, 0.5, 7.0, -1.25]], kind)
    usual = Relu(x.shape, kind)
    usual.forward(x.copy())
    monkeypatch.setattr("core.activations._keeps_negative_zeros", lambda _kind: True)
    other = Relu(x.shape, kind)
    other.forward(x.copy())
    assert np.array_equal(usual.backward(gradient.copy()), other.backward(gradient.copy()))
    # Had the maximum left a zero with its sign, its slope would be 0 all the same.
    kept = Relu(x.shape, kind)
    kept._y = np.maximum(x, 0.0)
    kept._y[0, 1] = -0.0
    assert kept.backward(gradient.copy()).tolist() == [[0.0, 0.0, 0.5, 0.0, -1.25]]


def test_this_processor_is_asked_once_whether_it_keeps_them() -> None:
    assert _keeps_negative_zeros(np.dtype(np.float32)) is _keeps_negative_zeros(np.dtype(np.float32))
