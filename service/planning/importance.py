"""How much of what a sweep's settings came to is explained by each of its parameters.

Explained is the variance of the settings' mean ranks. At each seed that all compared settings have finished,
they are ranked, diverged ones (and ones that did not converge) last and as equals. Ranks have the same
sum at every seed, and no outlier weighs more than a place. A parameter's share is the variance of the mean
rank from one of its values to the next.

In a full grid that is the main effect of functional ANOVA (Hutter et al. 2014): the means over all other
parameters. The share with interactions is what all others together leave unexplained. Both are corrected for
what the seeds' noise adds, which the differences between seeds tell. Elsewhere, as in a random search, it is
the correlation ratio of the settings gathered by equal values, or into bins of equally many, corrected for
the number of bins (epsilon squared, Kelley 1935; for bins Plischke, Borgonovo and Smith 2013): what the other
parameters do is noise there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from service.planning.outcome_table import OutcomeTable
from service.planning.outcomes import Goal, Settings, gather, mixed_losses
from service.planning.ranks import ranked
from service.planning.statistics import FloatArray, Sampling, is_number
from service.planning.statuses import RunState

Method = Literal["grid", "bins"]

FEWEST_SETTINGS = 4  # below, every parameter explains everything
FEWEST_PER_BIN = 5
MOST_BINS = 10
CHANCE = 0.95  # of parameters without influence stay below


@dataclass(frozen=True, slots=True)
class ParameterImportance:
    """One parameter's share of the variance of the settings' mean ranks, between 0 and 1."""

    parameter: str
    levels: int  # values or bins that were compared
    share: float  # by itself
    with_interactions: float | None  # of a full grid only
    by_chance: float | None  # below this, 95 % of parameters without influence stay; None where seeds are one


@dataclass(frozen=True, slots=True)
class Importance:
    """The parameters, most important first; none of them, and the `reason`, where nothing can be said."""

    method: Method | None
    settings: int  # compared
    left_out: int  # settings that failed, were canceled, or have not finished at the seeds that are compared
    seeds: int  # compared
    items: tuple[ParameterImportance, ...]
    reason: str | None


def importance(table: OutcomeTable, *, metric: str, goal: Goal, sampling: Sampling) -> Importance:
    """What each varied parameter explains of the ranks of the search runs in `table` by `metric`."""
    search = table.only(~table.linear)
    names = tuple(dict.fromkeys(name for setting in search.settings for name in setting))
    settings = gather(search, names)

    def nothing(reason: str, known: int = 0) -> Importance:
        return Importance(None, known, len(settings) - known, 0, (), reason)

    if losses := mixed_losses(search, metric):
        return nothing(f"runs trained with {' and '.join(losses)} cannot be compared by a loss")
    values = _values(settings, metric, goal)
    found = np.flatnonzero(~np.isnan(values).all(axis=1)).tolist()
    compared = values[found]
    compared = compared[:, ~np.isnan(compared).any(axis=0)]
    if len(names) < 2:
        only = f"only {names[0]} varies, so every difference is its" if names else "no parameter varies"
        return nothing(only, len(found))
    if not compared.size or len(found) < FEWEST_SETTINGS:
        return nothing(
            f"{len(found)} settings have finished at a common seed; {FEWEST_SETTINGS} are needed", len(found)
        )
    ranks = np.stack([ranked(seed) for seed in compared.T], axis=1)
    if not np.var(ranks.mean(axis=1)) > 0:
        return nothing("all settings came to the same", len(found))
    columns = {name: [settings.named[place][name] for place in found] for name in names}
    levels = {name: _levels(column) for name, column in columns.items()}
    grid = _is_full_grid(list(levels.values()))
    if grid:
        items = _of_grid(ranks, levels, sampling)
    else:
        means = ranks.mean(axis=1)
        items = [_of_bins(name, means, _binned(columns[name], levels[name])) for name in names]
    ordered = sorted(items, key=lambda item: -item.share)
    left_out = len(settings) - len(found)
    return Importance("grid" if grid else "bins", len(found), left_out, ranks.shape[1], tuple(ordered), None)


def _values(settings: Settings, metric: str, goal: Goal) -> FloatArray:
    """By setting and seed, lower is better; what diverged or did not converge is worst, NaN is missing."""
    sign = 1.0 if goal == "minimize" else -1.0
    table = settings.table
    lost = settings.at_seeds(table.among(RunState.DIVERGED) | table.unconverged())
    return np.where(lost, inf, sign * settings.values(metric))


def _levels(column: Sequence[object]) -> NDArray[np.intp]:
    """The place of each value among the distinct ones."""
    places: dict[object, int] = {}
    return np.array([places.setdefault(value, len(places)) for value in column], dtype=np.intp)


def _is_full_grid(levels: Sequence[NDArray[np.intp]]) -> bool:
    """Whether each combination of the values is there exactly once."""
    combinations = set(zip(*(each.tolist() for each in levels), strict=True))
    size = int(np.prod([each.max() + 1 for each in levels]))
    return len(combinations) == len(levels[0]) == size and all(each.max() > 0 for each in levels)


def _of_grid(
    ranks: FloatArray, levels: Mapping[str, NDArray[np.intp]], sampling: Sampling
) -> list[ParameterImportance]:
    means = ranks.mean(axis=1)
    count, seeds = ranks.shape
    total = float(np.var(means))
    freedom = (count - 1) * (seeds - 1)
    # The variance of one rank beside what its setting makes of it, and what of that is left in a mean.
    spread = float(((ranks - means[:, np.newaxis]) ** 2).sum()) / freedom if freedom else 0.0
    noise = spread * sampling.variance_factor(seeds)
    whole = total - noise * (count - 1) / count
    found = []
    for name, level in levels.items():
        size = int(level.max()) + 1
        main = _between(means, level) - noise * (size - 1) / count
        others = _combined([each for other, each in levels.items() if other != name], count)
        without = _between(means, others) - noise * int(others.max()) / count
        found.append(
            ParameterImportance(
                parameter=name,
                levels=size,
                share=_share(main, whole),
                with_interactions=max(_share(main, whole), _share(whole - without, whole)),
                by_chance=_share(noise * (size - 1) / count * (_f(size - 1, freedom) - 1), whole)
                if freedom
                else None,
            )
        )
    return found


def _of_bins(name: str, means: FloatArray, bins: NDArray[np.intp]) -> ParameterImportance:
    count, size = len(means), int(bins.max()) + 1
    rest = count - size
    if size < 2 or rest < 1:
        return ParameterImportance(name, size, 0.0, None, None)
    ratio = _between(means, bins) / float(np.var(means))
    limit = _f(size - 1, rest) * (size - 1)
    return ParameterImportance(
        parameter=name,
        levels=size,
        share=_epsilon_squared(ratio, count, size),
        with_interactions=None,
        by_chance=_epsilon_squared(limit / (limit + rest), count, size),
    )


def _epsilon_squared(ratio: float, count: int, size: int) -> float:
    """The correlation ratio without what `size` groups explain of `count` values by chance."""
    return _share(1 - (1 - ratio) * (count - 1) / (count - size), 1.0)


def _binned(column: Sequence[object], levels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Equal values together; numbers of too many different values in bins of about equally many."""
    most = min(MOST_BINS, max(2, len(column) // FEWEST_PER_BIN))
    numbers = [float(value) for value in column if is_number(value)]
    if levels.max() < most or len(numbers) < len(column):
        return levels
    order = np.argsort(numbers, kind="stable")
    bins = np.empty(len(column), dtype=np.intp)
    bins[order] = np.arange(len(column)) * most // len(column)
    # Equal values may not be parted by the end of a bin.
    firsts: dict[int, int] = {}
    return _levels([firsts.setdefault(int(levels[index]), int(bins[index])) for index in order])[
        np.argsort(order)
    ]


def _between(means: FloatArray, groups: NDArray[np.intp]) -> float:
    """The variance of the groups' means, each weighed by its size."""
    sizes = np.bincount(groups)
    centers = np.bincount(groups, weights=means) / sizes
    return float((sizes * (centers - means.mean()) ** 2).sum() / len(means))


def _combined(levels: Sequence[NDArray[np.intp]], count: int) -> NDArray[np.intp]:
    """One group for each combination of several parameters' values; a single group for none."""
    return _levels(list(zip(*(each.tolist() for each in levels), strict=True)) if levels else [()] * count)


def _share(part: float, whole: float) -> float:
    return min(1.0, max(0.0, part / whole)) if whole > 0 else 0.0


def _f(above: int, below: int) -> float:
    from scipy.special import fdtri

    return float(fdtri(above, below, CHANCE))
