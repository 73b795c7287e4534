"""Medians and ranks in which a diverged run is the worst, so that no setting gains by losing runs."""

from __future__ import annotations

from math import inf, isfinite

import numpy as np

from service.planning.outcomes import Goal, Settings
from service.planning.statistics import FloatArray
from service.planning.statuses import RunState


def ranked(values: FloatArray) -> FloatArray:
    """The ranks of values from 1; equal ones have the mean of theirs."""
    _distinct, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    found: FloatArray = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return found


def medians(settings: Settings, metric: str, goal: Goal) -> list[float | None]:
    """Each setting's median over its finished runs; None where the middle one diverged, or none has."""
    grid = np.sort(_by_seed(settings, metric, goal), axis=1)  # NaN comes last
    counts = (~np.isnan(grid)).sum(axis=1)
    rows = np.arange(len(grid))
    middles = [grid[rows, np.maximum(0, place)] for place in ((counts - 1) // 2, counts // 2 * (counts > 0))]
    with np.errstate(over="ignore"):
        found = np.where(middles[0] == middles[1], middles[0], (middles[0] + middles[1]) / 2)
    return [middle if isfinite(middle) else None for middle in found.tolist()]


def mean_ranks(settings: Settings, metric: str, goal: Goal) -> list[float | None]:
    """Each setting's rank from 1, over the seeds at which all have finished: equal ones share theirs."""
    grid = _by_seed(settings, metric, goal)
    table = grid[:, ~np.isnan(grid).any(axis=0)]
    if not table.size:
        return [None] * len(settings)
    ranks = np.stack([ranked(seed if goal == "minimize" else -seed) for seed in table.T])
    return [float(mean) for mean in ranks.mean(axis=0)]


def _by_seed(settings: Settings, metric: str, goal: Goal) -> FloatArray:
    worst = inf if goal == "minimize" else -inf
    diverged = settings.at_seeds(settings.table.among(RunState.DIVERGED))
    return np.where(diverged, worst, settings.values(metric))
