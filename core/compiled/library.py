"""Compiled steps are used where they could be built, and only after they have shown their arithmetic."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import numpy as np

from core.compiled.program import Kernel, Program, multiply

INTERFACE = 3  # of kernels.c, to be raised with it: a build that was left behind would crash
KINDS = {"avx512": 2, "avx2": 1, "neon": 3}  # of vectors, as kernels.c numbers them; the widest first
# Rows, columns and terms of the products that check a kind: whole tiles, and every kind of remainder.
CHECKED = (
    (1, 1, 1),
    (5, 3, 7),
    (6, 16, 4),
    (7, 17, 5),
    (12, 32, 9),
    (13, 33, 10),
    (25, 50, 66),
    (10, 32, 64),
)

_enabled = True


def kernel() -> Kernel | None:
    """The compiled steps, or None: they are not built, not for this processor, or switched off."""
    return _found() if _enabled else None


def switch(*, on: bool) -> None:
    """Use compiled steps from now on in this process, or leave all to NumPy; bits differ between the two."""
    global _enabled  # noqa: PLW0603 - a process trains in one way, as it has one BLAS
    _enabled = on


@contextmanager
def by_numpy() -> Iterator[None]:
    """Leave all to NumPy for a while."""
    before = _enabled
    switch(on=False)
    try:
        yield
    finally:
        switch(on=before)


@cache
def _found() -> Kernel | None:
    for suffix in EXTENSION_SUFFIXES:
        file = Path(__file__).with_name(f"_kernels{suffix}")
        if file.exists():
            return _load(file)
    return None


def _load(file: Path) -> Kernel | None:
    try:
        library = ctypes.CDLL(str(file))
        if library.backsweep_interface() != INTERFACE:
            return None
    except (OSError, AttributeError):  # of another machine, or from before interfaces had a number
        return None
    library.backsweep_run.argtypes = [
        ctypes.c_int32,
        ctypes.c_int32,
        ctypes.c_void_p,
        ctypes.c_int64,
        ctypes.c_int64,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    library.backsweep_run.restype = None
    library.backsweep_halt.argtypes = [ctypes.c_int32]
    library.backsweep_halt.restype = None
    library.backsweep_expected.restype = None
    for name, number in KINDS.items():
        if library.backsweep_has(number):
            found = Kernel(name, number, library.backsweep_run, library.backsweep_halt)
            if all(_agrees(library, found, sizes, dtype) for sizes in CHECKED for dtype in ("f4", "f8")):
                return found
    return None


def _agrees(library: ctypes.CDLL, found: Kernel, sizes: Sequence[int], dtype: str) -> bool:
    """Whether each number of a product is one chain of the C library's fused multiply-adds."""
    m, n, k = sizes
    draw = np.random.default_rng(sizes)
    left, right = draw.standard_normal((m, k)).astype(dtype), draw.standard_normal((k, n)).astype(dtype)
    expected, straight, turned = (np.empty((m, n), dtype) for _ in range(3))
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (left, right, expected)]
    library.backsweep_expected(left.itemsize, *(ctypes.c_int64(size) for size in (m, n, k)), *pointers)
    by_columns = np.ascontiguousarray(right.T).T
    for factor, product in ((right, straight), (by_columns, turned)):
        Program(found, 1, left.dtype, [multiply(left[None], factor[None], product[None])]).run()
    return np.array_equal(straight, expected) and np.array_equal(turned, expected)
