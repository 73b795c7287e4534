"""How much a site gets done: loss rows in a second, and one worker beside two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.service.site import running
from benchmarks.tables import markdown

SPEEDUP_GOAL = 1.8  # two workers on two cores


@dataclass(frozen=True, slots=True)
class RowRate:
    """Loss rows that so many workers recorded, and how long that took."""

    workers: int
    rows: int
    seconds: float

    @property
    def rate(self) -> float:
        """Rows per second, from the first claim to the last end."""
        return self.rows / self.seconds


@dataclass(frozen=True, slots=True)
class Scaling:
    """Seconds of the same sweep with one worker and with two, by round."""

    alone: tuple[float, ...]
    together: tuple[float, ...]

    @property
    def speedup(self) -> float:
        """How many times as fast two workers were, the median of the rounds."""
        return median(one / two for one, two in zip(self.alone, self.together, strict=True))


def measure_rows(sweep: Mapping[str, Any], *, workers: int, postgres: bool) -> RowRate:
    """Train networks so small that recording is most of the work."""
    with running(workers=workers, postgres=postgres) as site:
        span = site.train(sweep)
        return RowRate(workers, site.loss_rows(), span.seconds)


def measure_scaling(sweep: Mapping[str, Any], *, rounds: int, postgres: bool) -> Scaling:
    """Train the same sweep with one worker and with two, in turns."""
    seconds: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for workers, measured in seconds.items():
            with running(workers=workers, postgres=postgres) as site:
                measured.append(site.train(sweep).seconds)
    return Scaling(tuple(seconds[1]), tuple(seconds[2]))


def rows_table(cases: Sequence[RowRate]) -> str:
    """One row for each number of workers."""
    rows = [(str(c.workers), f"{c.rows:,}", f"{c.seconds:.1f}", f"{c.rate:,.0f}") for c in cases]
    return markdown(("workers", "loss rows", "seconds", "rows/s"), rows)


def scaling_table(scaling: Scaling) -> str:
    """One row for each round."""
    rows = [
        (str(number), f"{one:.2f}", f"{two:.2f}", f"{one / two:.2f}")
        for number, (one, two) in enumerate(zip(scaling.alone, scaling.together, strict=True), start=1)
    ]
    return markdown(("round", "one worker, seconds", "two workers, seconds", "times as fast"), rows)


def scaling_notes(scaling: Scaling, cores: int) -> Iterator[str]:
    """Say where the goal was missed, or could not be reached."""
    if cores < 2:
        yield "scaling: this machine has one core, and two workers share it"
    elif scaling.speedup < SPEEDUP_GOAL:
        yield f"scaling: two workers are to be {SPEEDUP_GOAL:g} times as fast, and are {scaling.speedup:.2f}"
