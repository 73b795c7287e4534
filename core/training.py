"""Training goes epoch by epoch; only between two epochs is a population's state whole, and shown."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.endings import Yardstick
from core.epoch import EpochRunner
from core.population import Population
from core.reports import Directive, Ending, EpochReport

__all__ = ["Directive", "Ending", "EpochReport", "Population", "train"]


def train(
    population: Population,
    *,
    on_epoch: Callable[[EpochReport], Directive | None],
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Train every active member to its end, calling back after each epoch.

    When `on_epoch` is called the population is at the end of that epoch: it may be asked for checkpoints, and
    members that ended are no longer active. `should_stop` is asked before every step, or before every few
    small ones; once it says yes, the unfinished epoch is discarded and the population stands at the end of
    the last finished one.
    """
    epochs = population.members[0].configuration.epochs
    runner: EpochRunner | None = None
    yardstick = Yardstick(population)
    while population.epoch < epochs and population.active.size:
        with np.errstate(all="ignore"):  # a run that diverges says so in its report, not in warnings
            if runner is None or not runner.fits(population):
                runner = EpochRunner(population)
            measured = runner.run(population.epoch + 1, should_stop)
            if measured is None:
                return
            population.epoch += 1
            report = yardstick.report(population, measured, runner.before)
        population.drop(ending.member for ending in report.endings)
        directive = on_epoch(report) or Directive()
        population.drop(directive.drop)
        if directive.stop:
            return
