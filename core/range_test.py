"""A range test raises the learning rate with every step, and sees where the loss falls and where it is lost.

After Smith, "Cyclical learning rates for training neural networks" (2017), and fastai's learning-rate finder:
the loss of each step's batch is smoothed, s_t = m_t / (1 - b^t) with m_t = b m_(t-1) + (1 - b) loss_t and
b = 0.98, and the test is over once s_t is above 4 times its minimum. Suggested are the rates from the
steepest descent of s over the logarithm of the rate to a tenth of the rate at its minimum.

Between neighbours the slope of s is mostly the noise of one batch, so it is taken over a twentieth of the
steps; and in the first tenth of them, where few losses have been averaged, no rate is steepest and none is
too high.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from core.configuration import Configuration

SMOOTHING = 0.98
TOO_HIGH = 4.0  # times the minimum of the smoothed loss
SLOPE_SHARE = 20  # a slope is taken over this part of all steps
WARMING_SHARE = 10  # nothing is concluded from this part of them
BELOW_MINIMUM = 10.0  # the suggestion ends so many times below the rate of the minimum


class Screened(NamedTuple):
    """What a finished range test says; rates are None where no rate lowered the loss."""

    steepest: float | None  # the rate at which the smoothed loss fell fastest
    minimum: float | None  # the rate at which it was lowest
    lowest: float  # the smoothed loss there
    steps: int  # taken, until the loss was too high or all rates were tried

    @property
    def suggestion(self) -> tuple[float, float] | None:
        """The rates to look at, the lower end first."""
        if self.steepest is None or self.minimum is None:
            return None
        low, high = sorted((self.steepest, self.minimum / BELOW_MINIMUM))
        return low, high


class Course(NamedTuple):
    """The rates of one test: `steps` of them at equal ratios, both ends included."""

    first: float
    last: float
    steps: int

    @classmethod
    def of(cls, configuration: Configuration) -> Course:
        """Return the course that a configuration asks for."""
        rate, factor = configuration.learning_rate, configuration.div_factor or 1.0
        return cls(rate / factor, rate, configuration.epochs)

    def rate(self, step: float) -> float:
        """Return the rate of a step, counted from 1; between two steps, the one that lies there."""
        share = (step - 1.0) / max(1, self.steps - 1)
        ratio: float = (self.first / self.last) ** (1.0 - share)
        return self.last * ratio

    @property
    def stretch(self) -> int:
        """How many steps a slope is taken over."""
        return max(1, self.steps // SLOPE_SHARE)

    @property
    def warming(self) -> int:
        """How many steps come before the first conclusion."""
        return self.steps // WARMING_SHARE


class Screening(NamedTuple):
    """All that a range test remembers of a run; a part of its checkpoint."""

    steps: int = 0
    average: float = 0.0  # m, not yet corrected for its start at 0
    lowest: float = math.inf  # of the smoothed losses
    lowest_step: int = 0
    fall: float = 0.0  # the largest so far over a stretch that ended in a new minimum
    fall_step: float = 0.0  # the middle of that stretch
    recent: tuple[float, ...] = ()  # the smoothed losses of the last stretch, oldest first

    def to_json(self) -> dict[str, Any]:
        """Return this state with floats as text, which reads back to the same bits."""
        document = {k: repr(v) if isinstance(v, float) else v for k, v in self._asdict().items()}
        return {**document, "recent": [repr(value) for value in self.recent]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Screening:
        """Return the state that `to_json` wrote."""
        read: dict[str, Any] = {k: float(v) if isinstance(v, str) else v for k, v in document.items()}
        return cls(**{**read, "recent": tuple(float(value) for value in document["recent"])})

    def screened(self, course: Course) -> Screened:
        """Return what the steps so far say."""
        fell = self.fall > 0.0
        return Screened(
            steepest=course.rate(self.fall_step) if fell else None,
            minimum=course.rate(self.lowest_step) if fell else None,
            lowest=self.lowest,
            steps=self.steps,
        )


def observe(course: Course, before: Screening, loss: float) -> tuple[Screening, str | None]:
    """Take in the loss of one more step; why the test is over, if it is."""
    step = before.steps + 1
    if not math.isfinite(loss):
        return before._replace(steps=step), f"the loss was {loss} at step {step}, {_at(course, step)}"
    average = SMOOTHING * before.average + (1.0 - SMOOTHING) * loss
    smoothed = average / (1.0 - SMOOTHING**step)
    after = before._replace(steps=step, average=average, recent=(*before.recent, smoothed)[-course.stretch :])
    if smoothed < before.lowest:
        after = _descended(course, after, smoothed, before.recent)
    if step > course.warming and smoothed > TOO_HIGH * after.lowest:
        above = f"above {TOO_HIGH:g} times its minimum {after.lowest:.4g}"
        return after, f"the smoothed loss was {smoothed:.4g} at step {step}, {_at(course, step)}: {above}"
    return after, None


def _descended(course: Course, after: Screening, smoothed: float, recent: tuple[float, ...]) -> Screening:
    """Note a new minimum, and the stretch of `recent` losses that leads down to it if none was steeper."""
    after = after._replace(lowest=smoothed, lowest_step=after.steps)
    middle = after.steps - course.stretch / 2.0
    if len(recent) < course.stretch or middle <= course.warming or recent[0] - smoothed <= after.fall:
        return after
    return after._replace(fall=recent[0] - smoothed, fall_step=middle)


def _at(course: Course, step: int) -> str:
    return f"learning rate {course.rate(step):.4g}"
