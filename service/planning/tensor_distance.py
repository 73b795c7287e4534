"""How far two sets of weights are apart, number by number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensors = Mapping[str, NDArray[np.floating[Any]]]


@dataclass(frozen=True, slots=True)
class Distance:
    """How far two sets of weights are apart; both largest are null where one of two numbers is not finite."""

    numbers: int
    differing: int
    largest_ulp: int | None  # units in the last place: how many floats lie between the two
    largest_relative: float | None  # |a - b| / max(|a|, |b|)


def distance(stored: Tensors, again: Tensors) -> Distance | None:
    """How far apart tensors of equal names, shapes and types are; None where they are not of one shape."""
    if {name: (t.shape, t.dtype) for name, t in stored.items()} != {
        name: (t.shape, t.dtype) for name, t in again.items()
    }:
        return None
    numbers = differing = ulp = 0
    relative = 0.0
    comparable = True
    for name, tensor in stored.items():
        one, other = np.atleast_1d(tensor).ravel(), np.atleast_1d(again[name]).ravel()
        same = one.view(_bits(one)) == other.view(_bits(one))
        numbers += one.size
        differing += int(np.count_nonzero(~same))
        one, other = one[~same], other[~same]
        finite = np.isfinite(one) & np.isfinite(other)
        comparable = comparable and bool(finite.all())
        if comparable and one.size:
            ulp = max(ulp, _steps(one, other))
            wide, beside = one.astype(np.float64), other.astype(np.float64)
            larger = np.maximum(np.abs(wide), np.abs(beside))
            larger[larger == 0.0] = 1.0
            shares = np.abs(wide / larger - beside / larger)  # a difference itself may be too large
            relative = max(relative, float(shares.max()))
    return Distance(numbers, differing, ulp if comparable else None, relative if comparable else None)


def _bits(numbers: NDArray[Any]) -> np.dtype[Any]:
    return np.dtype(f"i{numbers.dtype.itemsize}")


def _steps(one: NDArray[Any], other: NDArray[Any]) -> int:
    """The most floats that lie between two of these, the farther one counted in."""
    first, second = _ordered(one), _ordered(other)
    # Without a sign the difference of two far numbers fits, too.
    far, near = np.maximum(first, second).astype(np.uint64), np.minimum(first, second).astype(np.uint64)
    return int((far - near).max())


def _ordered(numbers: NDArray[Any]) -> NDArray[np.int64]:
    """Whole numbers that count floats through in their order; both zeros are 0."""
    bits = numbers.view(_bits(numbers)).astype(np.int64)
    lowest = np.int64(np.iinfo(_bits(numbers)).min)
    return np.where(bits >= 0, bits, lowest - bits)
