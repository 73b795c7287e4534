"""A verification's states, and how two trainings of one run are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.planning.measurements import COLUMNS, json_number, non_finite_code

Tensors = Mapping[str, NDArray[np.floating[Any]]]
Values = Sequence[float | None]


class VerificationState(StrEnum):
    """Where a verification stands; the last three are final."""

    QUEUED = "queued"  # waits for a worker
    RUNNING = "running"  # a worker with a live lease trains the run again
    MATCHES = "matches"  # everything came out to the same bits
    DIFFERS = "differs"  # something did not
    FAILED = "failed"  # it could not be trained to its end

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen."""
        return self in {VerificationState.MATCHES, VerificationState.DIFFERS, VerificationState.FAILED}


@dataclass(frozen=True, slots=True)
class Distance:
    """How far two sets of weights are apart; both largest are null where one of two numbers is not finite."""

    numbers: int
    differing: int
    largest_ulp: int | None  # units in the last place: how many floats lie between the two
    largest_relative: float | None  # |a - b| / max(|a|, |b|)


@dataclass(frozen=True, slots=True)
class FirstDifference:
    """The first loss that came out otherwise, in the order of epochs and columns, and of a last training."""

    epoch: int
    column: str
    stored: float | str | None
    again: float | str | None


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


def first_difference(epoch: int, stored: Values, again: Values) -> FirstDifference | None:
    """The first column of one epoch in which two trainings differ."""
    for column, before, after in zip(COLUMNS, stored, again, strict=True):
        if before != after and not (non_finite_code(before) == non_finite_code(after) != 0):
            return FirstDifference(epoch, column, json_number(before), json_number(after))
    return None


def as_json(difference: Distance | FirstDifference | None) -> dict[str, Any] | None:
    """The same as values that JSON can hold."""
    return None if difference is None else asdict(difference)


def environment_differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, list[Any]]:
    """In what two environment classes differ: by name, both values."""
    names = dict.fromkeys((*one, *other))
    return {name: [one.get(name), other.get(name)] for name in names if one.get(name) != other.get(name)}


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
