"""Compiled steps are there wherever they can be built, and used only if their arithmetic is what we say."""

from __future__ import annotations

import ctypes
import platform
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from core.compiled import library
from core.compiled.library import by_numpy, kernel, switch
from core.compiled.program import Program, multiply
from core.environment import environment_class

BUILT = sorted(Path(library.__file__).parent.glob("_kernels*.so"))
compiled = pytest.mark.skipif(
    kernel() is None, reason="compiled steps were not built, or not for this processor"
)


@pytest.mark.skipif(
    platform.machine() not in {"x86_64", "aarch64", "arm64"}
    or not (shutil.which("cc") or shutil.which("gcc")),
    reason="there is no C compiler, or another processor",
)
def test_with_a_compiler_steps_are_built_and_used() -> None:
    assert BUILT
    assert kernel() is not None
    assert environment_class()["products"] == "fused multiply-add"


def test_without_them_the_environment_class_is_another() -> None:
    before = kernel()
    with by_numpy():
        assert kernel() is None
        assert environment_class()["products"] == "blas"
    assert kernel() is before


def test_they_can_be_switched_off_for_a_process() -> None:
    switch(on=False)
    try:
        assert kernel() is None
    finally:
        switch(on=True)


@compiled
def test_a_build_that_was_left_behind_by_an_update_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert library._load(BUILT[0]) is not None
    monkeypatch.setattr(library, "INTERFACE", library.INTERFACE + 1)
    assert library._load(BUILT[0]) is None


@compiled
def test_every_kind_of_vectors_that_the_processor_has_gives_the_same_bits() -> None:
    loaded = ctypes.CDLL(str(BUILT[0]))
    found = kernel()
    assert found is not None
    kinds = [number for number in library.KINDS.values() if loaded.backsweep_has(number)]
    draw = np.random.default_rng(3)
    left, right = draw.standard_normal((1, 13, 37)), draw.standard_normal((1, 37, 41))
    products = []
    for number in kinds:
        out = np.empty((1, 13, 41))
        Program(replace(found, number=number), 1, out.dtype, [multiply(left, right, out)]).run()
        products.append(out)
    assert all(np.array_equal(product, products[0]) for product in products)


@compiled
def test_a_kind_whose_sums_are_not_fused_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    real = ctypes.CDLL(str(BUILT[0]))

    class Expected:
        """What the C library's fma computes, with another last bit in one place."""

        def __call__(self, size: int, m: ctypes.c_int64, n: ctypes.c_int64, *others: ctypes.c_void_p) -> None:
            real.backsweep_expected(size, m, n, *others)
            kind = ctypes.c_float if size == 4 else ctypes.c_double
            address = others[-1].value
            assert address is not None
            numbers = (kind * (m.value * n.value)).from_address(address)
            numbers[0] *= 1 + 2**-20

    class Loaded:
        backsweep_interface, backsweep_has = real.backsweep_interface, real.backsweep_has
        backsweep_run, backsweep_halt = real.backsweep_run, real.backsweep_halt
        backsweep_expected: object = real.backsweep_expected

    loaded = Loaded()
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: loaded)
    assert library._load(BUILT[0]) is not None
    loaded.backsweep_expected = Expected()
    assert library._load(BUILT[0]) is None


@compiled
def test_a_product_is_one_chain_of_fused_multiply_adds() -> None:
    found = kernel()
    assert found is not None
    draw = np.random.default_rng(8)
    left, right = (draw.standard_normal(shape).astype(np.float32) for shape in ((1, 3, 9), (1, 9, 5)))
    out = np.empty((1, 3, 5), np.float32)
    Program(found, 1, out.dtype, [multiply(left, right, out)]).run()
    for row in range(3):
        for column in range(5):
            total = np.float32(0)
            for term in range(9):
                exact = Fraction(float(left[0, row, term])) * Fraction(float(right[0, term, column]))
                total = _rounded(exact + Fraction(float(total)))
            assert out[0, row, column] == total


def _rounded(exact: Fraction) -> np.float32:
    """The float32 that is nearest, found among the neighbours of a first guess."""
    guess = np.float32(float(exact))
    near = (np.nextafter(guess, np.float32(-np.inf)), guess, np.nextafter(guess, np.float32(np.inf)))
    return min(near, key=lambda number: abs(Fraction(float(number)) - exact))
