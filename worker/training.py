"""To whoever records it, networks that learn and points that descend on a function are the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from core.arrays import IntArray
from core.configuration import Configuration
from core.reports import Directive, Ending, EpochReport
from service.lifecycle.claim import ClaimedRun
from service.lifecycle.materials import Aims
from worker.final_test import FinalTest


class Trainee(Protocol):
    """A member of a population of the core, as far as recording asks."""

    @property
    def configuration(self) -> Configuration:
        """What it is trained with."""
        ...


class Trainees(Protocol):
    """A population of the core, as far as recording asks."""

    epoch: int
    active: IntArray

    @property
    def members(self) -> Sequence[Trainee]:
        """Those that it began with."""
        ...

    def checkpoint(self, member: int, /) -> bytes:
        """Everything that continuing this member needs, bit for bit."""
        ...


class Training(Protocol):
    """The runs of one claim in the core."""

    @property
    def aims(self) -> Aims:
        """What they are trained for."""
        ...

    @property
    def population(self) -> Trainees:
        """Their state."""
        ...

    def run(
        self, *, on_epoch: Callable[[EpochReport], Directive | None], should_stop: Callable[[], bool]
    ) -> None:
        """Train every run to its end, calling back after each epoch."""
        ...

    def test(self, endings: Sequence[Ending], runs: Sequence[ClaimedRun]) -> list[FinalTest]:
        """What rows that were held out say of each of the runs, which ended in one epoch."""
        ...

    def arrival(self, ending: Ending) -> Mapping[str, Any] | None:
        """Where a run over a function has ended, as it is stored; None for networks."""
        ...


def checkpoints(runs: Sequence[ClaimedRun]) -> list[bytes] | None:
    """One checkpoint for each run, or None unless every one of them has one."""
    found = [run.checkpoint for run in runs if run.checkpoint is not None]
    return found if len(found) == len(runs) else None
