"""What recording and checkpoints cost beside the core: what the training process spends its time on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.service import metered
from benchmarks.service.site import database_name, running
from benchmarks.service.sweeps import tiny
from benchmarks.tables import markdown

GOAL = 0.10  # of the core's processor time
PARTS = (
    metered.MEASURING,
    metered.WRITING,
    metered.CHECKPOINTS,
    metered.TESTS,
    metered.SETTING_UP,
    metered.HEADLINES,
    metered.CLAIMING,
    metered.OTHER_THREADS,
)


@dataclass(frozen=True, slots=True)
class Overhead:
    """One case; `accounts` has processor and wall seconds by what they were spent on."""

    database: str
    epochs: int
    checkpoint_seconds: float
    sweeps: int
    accounts: Mapping[str, tuple[float, float]]

    @property
    def name(self) -> str:
        """What distinguishes it in a table."""
        return f"{self.database}, {self.epochs} epochs, checkpoints every {self.checkpoint_seconds:g} s"

    @property
    def core(self) -> tuple[float, float]:
        """The core's processor and wall seconds."""
        return self.accounts[metered.CORE]

    @property
    def of_processor(self) -> float:
        """Processor time of everything else over the core's."""
        return sum(processor for processor, _ in self.accounts.values()) / self.core[0] - 1.0

    @property
    def of_wall(self) -> float:
        """The same in wall time: it has the waiting for a disk or a server as well."""
        return sum(wall for _, wall in self.accounts.values()) / self.core[1] - 1.0

    def part(self, account: str) -> float:
        """An account's processor time over the core's."""
        return self.accounts.get(account, (0.0, 0.0))[0] / self.core[0]


def measure(sweep: Mapping[str, Any], *, postgres: bool, checkpoint_seconds: float, sweeps: int) -> Overhead:
    """Train the sweep so many times, one after the other, on one worker that has trained once before.

    Raises:
        NoPostgres: it was asked for and cannot be had.
    """
    settings = {"BACKSWEEP_CHECKPOINT_SECONDS": f"{checkpoint_seconds:g}"}
    with running(workers=1, postgres=postgres, metered=True, settings=settings) as site:
        site.train(tiny(runs=8, epochs=5))
        before = metered.read(site.metered, site.populations())
        for _ in range(sweeps):
            site.train(sweep)
        accounts = metered.read(site.metered, site.populations())
    spent = {name: _less(seconds, before.get(name, (0.0, 0.0))) for name, seconds in accounts.items()}
    epochs = int(sweep["parameters"]["epochs"])
    return Overhead(database_name(postgres), epochs, checkpoint_seconds, sweeps, spent)


def table(cases: Sequence[Overhead]) -> str:
    """One row for each case."""
    header = ("case", "core", "all else", "in wall time", *PARTS)
    rows = [
        (
            case.name,
            f"{case.core[0]:.2f} s",
            f"{case.of_processor:.1%}",
            f"{case.of_wall:.1%}",
            *(f"{case.part(name):.1%}" for name in PARTS),
        )
        for case in cases
    ]
    return markdown(header, rows)


def notes(cases: Sequence[Overhead]) -> Iterator[str]:
    """Say where the goal was missed."""
    for case in cases:
        if case.of_processor > GOAL:
            yield (
                f"overhead, {case.name}: "
                f"at most {GOAL:.0%} of the core's time is asked, it is {case.of_processor:.1%}"
            )


def _less(seconds: tuple[float, float], before: tuple[float, float]) -> tuple[float, float]:
    return seconds[0] - before[0], seconds[1] - before[1]
