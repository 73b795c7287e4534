"""Medians and ranks in which a diverged run is the worst, so that no setting gains by losing runs."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite

import numpy as np

from service.planning.outcomes import Goal, SettingRuns
from service.planning.statuses import RunState


def medians(settings: Sequence[SettingRuns], metric: str, goal: Goal) -> list[float | None]:
    """Each setting's median over its finished runs; None where the middle one diverged, or none has."""
    worst = inf if goal == "minimize" else -inf
    found = [list(_by_seed(runs, metric, worst).values()) for runs in settings]
    middles = [float(np.median(values)) if values else inf for values in found]
    return [middle if isfinite(middle) else None for middle in middles]


def mean_ranks(settings: Sequence[SettingRuns], metric: str, goal: Goal) -> list[float | None]:
    """Each setting's rank from 1, over the seeds at which all have finished: equal ones share theirs."""
    from scipy.stats import rankdata

    worst = inf if goal == "minimize" else -inf
    by_seed = [_by_seed(runs, metric, worst) for runs in settings]
    seeds = sorted(frozenset.intersection(*map(frozenset, by_seed))) if by_seed else []
    if not seeds:
        return [None] * len(settings)
    table = np.array([[values[seed] for seed in seeds] for values in by_seed])
    ranks = rankdata(table if goal == "minimize" else -table, axis=0)
    return [float(mean) for mean in ranks.mean(axis=1)]


def _by_seed(runs: SettingRuns, metric: str, worst: float) -> dict[int, float]:
    found = runs.seed_values(metric)
    lost = {outcome.seed: worst for outcome in runs.outcomes if outcome.state == RunState.DIVERGED}
    return found | lost
