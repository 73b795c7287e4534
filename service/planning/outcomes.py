"""The runs of a sweep gathered into settings, and the settings ranked by one value per seed.

Where a setting pools several configurations (a parameter varies that is not grouped by), a seed's value is
their mean; a seed at which one of them has no value has none.

Ranked are the settings without a diverged, failed or pruned run, on the seeds that all of them have: while a
sweep runs, the seeds finished so far. A diverged run bars its setting for good (its mean is over survivors),
a failed one until it is retried, and one pruned was barred by the other runs already. A run over a function
that has not converged bars its setting, too: a function may be unbounded below, and a small value is no
success. A setting without any value yet does not take part. So no setting wins by having fewer, or luckier,
seeds than another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.planning.outcome_table import OutcomeTable, Setting
from service.planning.statistics import (
    ERROR,
    FloatArray,
    Ranking,
    Sampling,
    is_loss,
    is_number,
    mean,
    rank,
)
from service.planning.statuses import RunState

Goal = Literal["minimize", "maximize"]

BARRING = (RunState.DIVERGED, RunState.FAILED, RunState.PRUNED)


@dataclass(frozen=True)
class Settings:
    """Distinct settings in the order of their first runs, and the configurations that belong to each."""

    table: OutcomeTable
    named: Sequence[Setting]
    by_configuration: Sequence[int]  # the place of each configuration's setting
    _grids: dict[tuple[str, bool], FloatArray] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many settings there are."""
        return len(self.named)

    @cached_property
    def places(self) -> NDArray[np.intp]:
        """By run, the place of its setting."""
        return np.array(self.by_configuration, dtype=np.intp)[self.table.configurations]

    @cached_property
    def seeds(self) -> NDArray[np.int64]:
        """All seeds, sorted: the columns of every grid."""
        return np.unique(self.table.seeds)

    def runs(self, which: NDArray[np.bool_] | None = None) -> NDArray[np.intp]:
        """By setting, how many of its runs are among these."""
        places = self.places if which is None else self.places[which]
        return np.bincount(places, minlength=len(self))

    def count(self, *states: RunState) -> NDArray[np.intp]:
        """By setting, its runs in any of `states`."""
        return self.runs(self.table.among(*states))

    @cached_property
    def runs_by_seed(self) -> NDArray[np.intp]:
        """How many runs each setting has at each seed (settings, seeds)."""
        return self._per_cell(np.ones(len(self.places), dtype=bool))

    def finished(self) -> NDArray[np.intp]:
        """By setting, at how many of its seeds every run is completed."""
        completed = self._per_cell(self.table.among(RunState.COMPLETED))
        every = self.runs_by_seed
        found: NDArray[np.intp] = ((every > 0) & (completed == every)).sum(axis=1)
        return found

    def at_seeds(self, which: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Where a setting has such a run at a seed (settings, seeds)."""
        return self._per_cell(which) > 0

    def values(self, metric: str, *, log: bool = False) -> FloatArray:
        """The mean over configurations (settings, seeds), geometric with `log`; NaN where one has none."""
        grid = self._grids.get((metric, log))
        if grid is None:
            grid = self._grids[metric, log] = self._grid(metric, log=log)
        return grid

    def seed_values(self, place: int, metric: str, *, log: bool = False) -> dict[int, float]:
        """One setting's values by seed."""
        row = self.values(metric, log=log)[place]
        there = ~np.isnan(row)
        return dict(zip(self.seeds[there].tolist(), row[there].tolist(), strict=True))

    @cached_property
    def configurations(self) -> Sequence[Sequence[str]]:
        """By setting, the hashes of its configurations, sorted."""
        found: list[set[str]] = [set() for _ in self.named]
        for place, digest in zip(self.by_configuration, self.table.hashes, strict=True):
            found[place].add(digest)
        return [sorted(hashes) for hashes in found]

    @cached_property
    def _cells(self) -> NDArray[np.intp]:
        return self.places * len(self.seeds) + np.searchsorted(self.seeds, self.table.seeds)

    def _per_cell(self, which: NDArray[np.bool_]) -> NDArray[np.intp]:
        shape = len(self), len(self.seeds)
        return np.bincount(self._cells[which], minlength=shape[0] * shape[1]).reshape(shape)

    def _grid(self, metric: str, *, log: bool) -> FloatArray:
        values, every = self.table.values(metric), self.runs_by_seed
        there = ~np.isnan(values)
        cells, values = self._cells[there], values[there]
        complete = (every > 0) & (self._per_cell(there) == every)
        grid = np.full(every.shape, np.nan)
        if every.max(initial=0) <= 1:
            grid.flat[cells] = values
            return grid
        with np.errstate(over="ignore"):
            sums = np.bincount(cells, weights=values, minlength=every.size).reshape(every.shape)
            grid[complete] = sums[complete] / every[complete]
            if log:
                points = np.bincount(cells, weights=np.log(values), minlength=every.size)
                pooled = complete & (every > 1)  # one value is its own mean to the last bit
                grid[pooled] = np.exp(points.reshape(every.shape)[pooled] / every[pooled])
        return grid


def mixed_losses(table: OutcomeTable, metric: str) -> tuple[str, ...]:
    """The training losses, where they vary and `metric` is a loss: such runs cannot be ranked by it."""
    losses = {str(setting["loss"]) for setting in table.settings if "loss" in setting}
    return tuple(sorted(losses)) if len(losses) > 1 and is_loss(metric) else ()


def gather(table: OutcomeTable, group_by: tuple[str, ...]) -> Settings:
    """The settings in the order in which their first runs came."""
    known: dict[tuple[object, ...], int] = {}
    # A parameter that a configuration does not use is absent from its setting.
    places = [
        known.setdefault(tuple(_frozen(setting.get(name)) for name in group_by), len(known))
        for setting in table.settings
    ]
    named = [dict(zip(group_by, values, strict=True)) for values in known]
    return Settings(table, named, places)


def on_log_scale(table: OutcomeTable, metric: str) -> bool:
    """One scale for all settings: logarithms for a loss, unless one value anywhere has none."""
    return is_loss(metric) and not (table.values(metric) <= 0).any()


def rank_settings(
    settings: Settings,
    metric: str,
    goal: Goal,
    sampling: Sampling,
    *,
    refused: bool = False,
    error: float = ERROR,
) -> Ranking:
    """Rank by the mean over seeds of `metric`; nothing is ranked where that is refused."""
    log = on_log_scale(settings.table, metric)
    sign = 1.0 if goal == "minimize" else -1.0
    grid = settings.values(metric, log=log)
    scaled = sign * (np.log(grid) if log else grid)
    barred = settings.count(*BARRING) + settings.runs(settings.table.unconverged())
    scaled[(barred > 0) | refused] = np.nan
    return rank(
        scaled, settings.seeds.tolist(), partial(_tie_break, settings), sampling=sampling, error=error
    )


def _tie_break(settings: Settings, place: int) -> tuple[float, float, str]:
    losses = settings.seed_values(place, "validation_loss").values()
    rate = settings.named[place].get("learning_rate")
    return (
        mean(losses) if losses else inf,
        rate if is_number(rate) else inf,
        settings.configurations[place][0],
    )


def _frozen(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value
