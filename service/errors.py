"""Every failure that a person can cause or meet has one name here, with its facts inside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what was sent: where, what, the value, and what is allowed."""

    path: str
    message: str
    value: object = None
    allowed: str | None = None

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        allowed = f" (allowed: {self.allowed})" if self.allowed else ""
        return f"{where}{self.message}{allowed}"


class BacksweepError(Exception):
    """The root of the service's own errors."""


class InvalidSubmission(BacksweepError):
    """What was sent cannot be accepted; `faults` lists everything that is wrong with it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(str(fault) for fault in self.faults))


class NotFound(BacksweepError):
    """Nothing of this kind has this identifier for this owner."""


class Conflict(BacksweepError):
    """The thing exists, and its state does not allow what was asked."""


class Outdated(BacksweepError):
    """What was to be changed has changed since it was read."""


class Busy(BacksweepError):
    """The service has as much to do of this kind as it takes on; it may be asked again in a moment."""


class LimitReached(BacksweepError):
    """A key may not have that much; `faults` say what there is, what was asked for, and what is allowed."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(str(fault) for fault in self.faults))


class LeaseLost(BacksweepError):
    """Another claim has a higher fencing token: this worker's right to the population is gone."""
