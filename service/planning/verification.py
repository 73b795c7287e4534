"""A verification's states, and how two trainings of one run are compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from service.planning.measurements import COLUMNS, json_number, non_finite_code

if TYPE_CHECKING:  # it needs NumPy, which importing a worker does not
    from service.planning.tensor_distance import Distance

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
class FirstDifference:
    """The first loss that came out otherwise, in the order of epochs and columns, and of a last training."""

    epoch: int
    column: str
    stored: float | str | None
    again: float | str | None


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
