"""How long populations will take, from what a worker has measured of its machine.

A population's step costs something by itself, something for each run, and something for each product of a
run's parameters with a row of its batch. The three are fitted, none below 0, to the points of a calibration,
and scaled to other shapes. A validation pass costs a third of a training step's arithmetic. What is around
training, to claim, to report and to write down, is taken from measurements with SQLite on one core. It is an
estimate: it supposes that a worker has its core to itself, and caches are not in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.calibration import BATCH, CLASSES, FEATURES, ROWS, Calibration

CLAIMING = 0.02  # seconds for each population: to take it, to prepare it, and to end it
REPORTING = 2e-4  # seconds for each epoch of a population
RECORDING = 2.5e-5  # seconds for each epoch of a run
EVALUATED_AT_ONCE = 64  # rows
# What an optimizer's update costs beside plain descent, in rows of a batch.
UPDATES = {"sgd": 0.0, "momentum": 4.0, "nesterov": 6.0, "adam": 16.0, "adamw": 18.0}
OTHER_UPDATES = 12.0


@dataclass(frozen=True, slots=True)
class Work:
    """What one population has to do; alike for all its runs."""

    runs: int
    epochs: int
    steps: int  # of an epoch
    layers: int
    parameters: int
    batch: int  # rows
    validation: int  # rows of an epoch
    update: float = 0.0  # what the optimizer costs beside plain descent, in rows of a batch


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds: of a step, of a run in it for each layer, and of a parameter and a row of its batch."""

    step: float
    run: float
    product: float

    @classmethod
    def of(cls, calibration: Calibration) -> Speed:
        """The costs that come nearest to a calibration's points, by relative errors."""
        from scipy.optimize import nnls

        steps = ROWS // BATCH
        rows, seconds = [], []
        for point in calibration.points:
            taken = point.runs / point.run_epochs_per_second / steps
            parameters = network_parameters((FEATURES, point.hidden, CLASSES))
            rows.append(np.array([2.0, 2.0 * point.runs, point.runs * parameters * BATCH]) / taken)
            seconds.append(1.0)
        step, run, product = nnls(np.array(rows), np.array(seconds))[0]
        return cls(float(step), float(run), float(product))

    def seconds(self, work: Work) -> float:
        """How long a population takes."""
        fixed = work.layers * (self.step + work.runs * self.run)
        training = fixed + work.runs * self.product * work.parameters * (work.batch + work.update)
        chunks = -(-work.validation // EVALUATED_AT_ONCE)
        validating = chunks * fixed / 3 + work.runs * self.product * work.parameters * work.validation / 3
        epoch = work.steps * training + validating + REPORTING + work.runs * RECORDING
        return CLAIMING + work.epochs * epoch


def together(works: Sequence[Work], speeds: Sequence[Speed]) -> float:
    """How long workers of these speeds take for all of it: no less than the longest population does."""
    whole = [sum(speed.seconds(work) for work in works) for speed in speeds]
    shared = 1.0 / sum(1.0 / seconds for seconds in whole) if all(whole) else 0.0
    longest = max((min(speed.seconds(work) for speed in speeds) for work in works), default=0.0)
    return max(shared, longest)


def network_parameters(sizes: Sequence[int]) -> int:
    """Weights and biases of a fully connected network."""
    return sum((inputs + 1) * units for inputs, units in pairwise(sizes))
