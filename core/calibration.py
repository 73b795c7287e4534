"""How many runs go together is measured on the machine: as many as its cache serves, for a few shapes.

Bits never depend on the answer; it decides only how fast a population trains.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.configuration import Configuration, resolve
from core.epoch import EpochRunner
from core.errors import DataError
from core.examples import Examples
from core.members import Member, working_set_bytes
from core.population import Population

BUDGETS = tuple(2**power for power in range(20, 26))  # bytes, 1 MiB to 32 MiB
SHAPES = (64, 256)  # hidden units: a network that gains much from company, and one that gains little
FEATURES, CLASSES, ROWS, BATCH = 64, 10, 320, 32  # the digits, cut to ten steps an epoch
EPOCHS = 3  # the first warms up, the fastest of the others counts
ROUNDS = 2  # over all sizes; of each the faster one counts
NEAR = 0.985  # of the best speed: what a smaller population may lack, since it reports and ends sooner


@dataclass(frozen=True, slots=True)
class Point:
    """What one population reached."""

    hidden: int  # units
    budget: int  # bytes it was made for
    runs: int
    run_epochs_per_second: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """A machine's measurements, and the bytes of working set that one population should have on it."""

    budget: int
    points: tuple[Point, ...]

    def to_json(self) -> dict[str, Any]:
        """Return numbers and lists alone."""
        return {"budget": self.budget, "points": [asdict(point) for point in self.points]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Calibration:
        """Read what `to_json` has written.

        Raises: DataError if it is something else.
        """
        try:
            return cls(int(document["budget"]), tuple(Point(**point) for point in document["points"]))
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"a calibration has budget and points; found {sorted(document)}") from error


Measure = Callable[[int, int], float]  # hidden units and runs to seconds for an epoch of all of them


def calibrate(measure: Measure | None = None) -> Calibration:
    """Train populations of several sizes for a second or so; choose the smallest that is near the best.

    Sizes are judged by their mean speed over SHAPES, each as a share of its own best.
    """
    measured = measure or seconds_of_an_epoch
    rounds = [
        [_point(hidden, budget, measured) for hidden in SHAPES for budget in BUDGETS if _runs(hidden, budget)]
        for _ in range(ROUNDS)
    ]
    points = [max(same, key=lambda point: point.run_epochs_per_second) for same in zip(*rounds, strict=True)]
    shares = [_mean_share(points, budget) for budget in BUDGETS]
    good = [budget for budget, share in zip(BUDGETS, shares, strict=True) if share >= NEAR * max(shares)]
    return Calibration(good[0], tuple(points))


def seconds_of_an_epoch(hidden: int, runs: int) -> float:
    """Train FEATURES-hidden-CLASSES networks together; return the processor's seconds of the fastest epoch.

    What else the machine does meanwhile, such as starting other workers, is not counted.
    """
    draw = np.random.default_rng(0)
    examples = Examples(
        draw.random((ROWS, FEATURES)), draw.integers(0, CLASSES, ROWS), CLASSES, "classification"
    )
    rows, none = np.arange(ROWS), np.empty(0, np.int64)
    member = Member(_configuration(hidden), 0, rows, none)
    runner = EpochRunner(Population.start([member] * runs, examples))
    seconds = []
    with np.errstate(all="ignore"):
        for epoch in range(1, EPOCHS + 1):
            begin = time.thread_time()
            runner.run(epoch, lambda: False)
            seconds.append(time.thread_time() - begin)
    return min(seconds[1:])


def _point(hidden: int, budget: int, measure: Measure) -> Point:
    runs = _runs(hidden, budget)
    return Point(hidden, budget, runs, runs / measure(hidden, runs))


def _mean_share(points: Sequence[Point], budget: int) -> float:
    shares = []
    for hidden in SHAPES:
        speeds = {point.budget: point.run_epochs_per_second for point in points if point.hidden == hidden}
        shares.append(speeds.get(budget, 0.0) / max(speeds.values()))
    return float(np.mean(shares))


def _runs(hidden: int, budget: int) -> int:
    return budget // working_set_bytes(
        _configuration(hidden), features=FEATURES, outputs=CLASSES, train_rows=ROWS, validation_rows=0
    )


def _configuration(hidden: int) -> Configuration:
    values = {"hidden_layers": [hidden], "batch_size": BATCH, "epochs": EPOCHS, "learning_rate": 0.01}
    return resolve(values, task="classification")
