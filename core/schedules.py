"""A learning rate's course is a function of the step alone: what a resumed run needs is its number."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from core.arrays import Float64Array
from core.configuration import Configuration


class Course(NamedTuple):
    """One schedule with its settings, in steps; those that it does not use are 0."""

    schedule: str
    warmup: int  # steps that come before the schedule
    steps: int  # all steps of the schedule itself
    steps_per_epoch: int
    step_size: int  # epochs
    gamma: float
    end_factor: float
    pct_start: float
    div_factor: float
    final_div_factor: float

    @classmethod
    def of(cls, configuration: Configuration, steps_per_epoch: int) -> Course:
        """Return the course of one run."""
        warmup = round(configuration.warmup_epochs * steps_per_epoch)
        return cls(
            schedule=configuration.learning_rate_schedule,
            warmup=warmup,
            steps=configuration.epochs * steps_per_epoch - warmup,
            steps_per_epoch=steps_per_epoch,
            step_size=configuration.step_size or 0,
            gamma=configuration.gamma or 0.0,
            end_factor=configuration.end_factor or 0.0,
            pct_start=configuration.pct_start or 0.0,
            div_factor=configuration.div_factor or 0.0,
            final_div_factor=configuration.final_div_factor or 0.0,
        )

    def factor(self, step: int) -> float:
        """Return what the learning rate is multiplied with at `step`, counted from 1 since the run began.

        Warm-up is step / warmup (Ma and Yarats 2021: omega_t = min(1, t / tau)).
        """
        if step <= self.warmup:
            return step / self.warmup
        return SCHEDULES[self.schedule](self, step - self.warmup - 1)


class Schedules:
    """The learning rates of all runs of a population at each step.

    A factor is computed in Python, once for runs that share a course, and multiplied with each run's rate,
    all in float64: nothing depends on how many runs there are.
    """

    def __init__(self, configurations: Sequence[Configuration], steps_per_epoch: int) -> None:
        courses = [Course.of(configuration, steps_per_epoch) for configuration in configurations]
        self._courses = sorted(set(courses))
        self._course_of_run = [self._courses.index(course) for course in courses]
        self._rates = np.array([configuration.learning_rate for configuration in configurations])
        self.constant = all(course.schedule == "constant" and not course.warmup for course in courses)

    def rates(self, step: int) -> Float64Array:
        """Return each run's learning rate (runs,) at `step`, counted from 1 since the run began."""
        if self.constant:
            return self._rates
        factors = np.array([course.factor(step) for course in self._courses])
        rates: Float64Array = self._rates * factors[self._course_of_run]
        return rates


# Each of these returns the factor after t of the schedule's steps, t = 0, 1, ...


def _constant(_course: Course, _t: int) -> float:
    return 1.0


def _step(course: Course, t: int) -> float:
    """gamma^floor(epochs / step_size): StepLR."""
    power: float = course.gamma ** (t // (course.step_size * course.steps_per_epoch))
    return power


def _exponential(course: Course, t: int) -> float:
    """gamma^epochs: ExponentialLR, which is stepped once per epoch, at the epochs' first steps."""
    power: float = course.gamma ** (t / course.steps_per_epoch)
    return power


def _cosine(course: Course, t: int) -> float:
    """Loshchilov and Hutter (2017), equation 5, without restarts: CosineAnnealingLR."""
    share = (1.0 + math.cos(math.pi * t / course.steps)) / 2.0
    return course.end_factor + (1.0 - course.end_factor) * share


def _linear(course: Course, t: int) -> float:
    """1 + (end_factor - 1) t / T: LinearLR with start_factor 1."""
    return 1.0 + (course.end_factor - 1.0) * (t / course.steps)


def _one_cycle(course: Course, t: int) -> float:
    """OneCycleLR, of two phases: from 1 / div_factor to 1, and on to 1 / (div_factor final_div_factor).

    The first ends at step pct_start T - 1, which need not be whole, the second at step T - 1; a first phase
    without length is over at once.
    """
    first = 1.0 / course.div_factor
    last = first / course.final_div_factor
    peak, end = course.pct_start * course.steps - 1.0, course.steps - 1.0
    if t <= peak:
        return _along_a_cosine(first, 1.0, t, peak)
    return _along_a_cosine(1.0, last, t - peak, end - peak)


def _range_test(course: Course, t: int) -> float:
    """(1 / div_factor)^(1 - t / (T - 1)): equal ratios, both ends included (after Smith 2017)."""
    power: float = course.div_factor ** (t / max(1, course.steps - 1) - 1.0)
    return power


def _along_a_cosine(start: float, stop: float, t: float, steps: float) -> float:
    """Return the value after t of so many steps from start to stop; no steps lead to stop."""
    share = t / steps if steps > 0.0 else 1.0
    return stop + (start - stop) / 2.0 * (1.0 + math.cos(math.pi * share))


SCHEDULES: dict[str, Callable[[Course, int], float]] = {
    "constant": _constant,
    "step": _step,
    "exponential": _exponential,
    "cosine": _cosine,
    "linear": _linear,
    "one_cycle": _one_cycle,
    "range_test": _range_test,
}
