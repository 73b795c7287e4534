"""Contenders take turns, A B A B, and a ratio compares the two measurements of one round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.cases import Case, task_of, thinned
from benchmarks.contenders import BACKSWEEP, Running

THIN_RATES, THIN_SEEDS = 4, 2
SAME_ORDER_TOLERANCE = 1e-3  # of a run's last loss, in the median: float32 rounds differently in each library
OTHER_ORDER_TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class Timing:
    """What one contender showed in a case; one speed for each round, in run-epochs per second."""

    contender: str
    speeds: tuple[float, ...]
    core_share: float  # processor time over wall time, the lowest of all rounds
    disagreement: float  # median relative difference of final losses from Backsweep's
    agrees: bool
    facts: dict[str, Any]

    @property
    def speed(self) -> float:
        """The median."""
        return median(self.speeds)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case with everyone who took part."""

    case: Case
    epochs: int
    timings: tuple[Timing, ...]

    def of(self, contender: str) -> Timing | None:
        """The timing of a contender, if it took part."""
        return next((timing for timing in self.timings if timing.contender == contender), None)


def ratios(one: Timing, other: Timing) -> list[float]:
    """How many times as fast `one` was, round by round."""
    return [a / b for a, b in zip(one.speeds, other.speeds, strict=True)]


def compare(case: Case, running: Sequence[Running], epochs: int, rounds: int, folder: Path) -> Outcome:
    """Give everyone the same task and measure in rounds."""
    epochs *= case.longer
    task = task_of(case, epochs)
    fewer, chosen = thinned(task, THIN_RATES, THIN_SEEDS)
    task.save(folder / "task.npz")
    fewer.save(folder / "fewer.npz")
    facts = [
        peer.prepare(folder / ("fewer.npz" if peer.contender.one_by_one else "task.npz")) for peer in running
    ]
    measured: list[list[dict[str, Any]]] = [[] for _ in running]
    for _ in range(rounds):
        for position, peer in enumerate(running):
            measured[position].append(peer.measure())
    names = [peer.contender.name for peer in running]
    ours = np.array(measured[names.index(BACKSWEEP.name)][0]["losses"])
    timings = []
    for peer, results, fact in zip(running, measured, facts, strict=True):
        alone = peer.contender.one_by_one
        expected, work = (ours[chosen], fewer.runs * epochs) if alone else (ours, task.runs * epochs)
        difference = float(np.median(np.abs(np.array(results[-1]["losses"]) / expected - 1.0)))
        tolerance = SAME_ORDER_TOLERANCE if peer.contender.same_order else OTHER_ORDER_TOLERANCE
        timings.append(
            Timing(
                contender=peer.contender.name,
                speeds=tuple(work / result["seconds"] for result in results),
                core_share=min(result["seconds"] / result["wall_seconds"] for result in results),
                disagreement=difference,
                agrees=difference <= tolerance,
                facts=fact,
            )
        )
    return Outcome(case, epochs, tuple(timings))
