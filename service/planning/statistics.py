"""What may be concluded from one value per seed: intervals, the set of the best, and bounds.

A value belongs to a seed, so n counts seeds, never epochs. Losses (and RMSE and MAE, which are losses in
other units) are compared on a log scale, everything else as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, inf, isfinite, log, sqrt
from typing import Any, Literal, TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
Bounds = tuple[float, float]
Side = Literal["low", "high", "both"]

ERROR = 0.05  # chance that an interval misses its mean, or that the set of the best misses the best
MOST_LOOKS = (
    4  # at 5, 10, 20 and 40 seeds: whoever adds seeds after a look spends a part of the error at each
)
FEWEST_SEEDS = 3  # below, points are shown without an interval and no set is named
FEWEST_GRID_VALUES = 3  # with fewer, a parameter has no inside, so touching its end says nothing
LOSS_QUANTITIES = ("loss", "rmse", "mae")
UNBOUNDED: Bounds = (-inf, inf)
QUANTITY_BOUNDS: dict[str, Bounds] = {"accuracy": (0.0, 1.0), "macro_f1": (0.0, 1.0), "r2": (-inf, 1.0)}
LARGEST_EXPONENT = 709.0  # exp() of more is no float64


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over `n` seeds with its 95 % interval: no ends below three seeds, no mean of nothing."""

    mean: float | None
    low: float | None
    high: float | None
    n: int


NOTHING = Interval(None, None, None, 0)


@dataclass(frozen=True, slots=True)
class Sampling:
    """Where each seed's rows come from: with `resampled` it draws its own training and validation rows."""

    resampled: bool
    train_count: int
    validation_count: int

    def variance_factor(self, n: int) -> float:
        """What turns the variance of `n` seeds' values into the variance of their mean.

        1/n for independent values. With resampled splits the training rows overlap, the values are
        correlated, and it is 1/n + n_validation/n_train (Nadeau and Bengio 2003, "Inference for the
        generalization error").
        """
        if not self.resampled:
            return 1 / n
        if self.train_count < 1:
            raise ValueError(f"train_count is {self.train_count}; resampled splits need at least 1")
        return 1 / n + self.validation_count / self.train_count


@dataclass(frozen=True, slots=True)
class Ranking:
    """The best of several settings, and which of them cannot be told apart from it."""

    seeds: tuple[int, ...]  # that every ranked setting has
    best: int | None  # None if nothing could be ranked
    p_values: Mapping[int, float]  # empty below three seeds, as is the set
    members: frozenset[int]
    ranked: frozenset[int]


def load_distributions() -> None:
    """Load what intervals need now, which the first of them would otherwise wait for."""
    import scipy.special  # noqa: F401


@lru_cache(maxsize=1024)
def t_quantile(probability: float, degrees_of_freedom: int) -> float:
    """Quantile of Student's t."""
    # Loading SciPy takes 0.4 s, which no command should pay that prints no interval.
    from scipy.special import stdtrit

    return float(stdtrit(degrees_of_freedom, probability))


def t_upper_tail(statistic: ArrayLike, degrees_of_freedom: int) -> FloatArray:
    """P(T > statistic) of Student's t, elementwise."""
    from scipy.special import stdtr

    tail: Any = stdtr(degrees_of_freedom, -np.asarray(statistic, dtype=np.float64))
    return np.asarray(tail, dtype=np.float64)


def is_loss(metric: str) -> bool:
    """Whether `metric`, such as `validation_loss` or `validation_rmse.best`, belongs on a log scale."""
    return metric.partition(".")[0].endswith(LOSS_QUANTITIES)


def bounds_of(metric: str) -> Bounds:
    """The values that `metric` can take; cutting an interval there costs it no coverage."""
    name = metric.partition(".")[0]
    known = (bounds for quantity, bounds in QUANTITY_BOUNDS.items() if name.endswith(quantity))
    return next(known, UNBOUNDED)


def intervals(
    grid: FloatArray, sampling: Sampling, *, log: bool, bounds: Bounds = UNBOUNDED
) -> Sequence[Interval]:
    """Of each row its mean, and mean +- t(n-1) * standard error at 95 %.

    With `log` all of it happens to the logarithms and is transformed back: `mean` is then the geometric mean
    and the ends lie around it as a ratio. A value of 0 or below has no logarithm: then everything in its row
    is linear and `mean` is arithmetic. With resampled splits the standard error is Nadeau and Bengio's
    (`Sampling.variance_factor`).

    Shapes:
        grid  (settings, seeds), one value for each seed, NaN where there is none
    """
    there = ~np.isnan(grid)
    counts = there.sum(axis=1)
    # Of no value, or of values far apart, there is no spread: what is not finite in the end is None.
    with np.errstate(all="ignore"):
        positive = np.logical_and.reduce(~there | (grid > 0), axis=1)
        on_log = positive & np.full(positive.shape, log)
        points = np.where(on_log[:, np.newaxis], np.log(grid), grid)
        centers = np.where(there, points, 0.0).sum(axis=1) / counts
        deviations = np.where(there, points - centers[:, np.newaxis], 0.0)
        spreads = np.sqrt((deviations * deviations).sum(axis=1) / (counts - 1))
        halves = spreads * _reach(counts, sampling)
        ends = [_ends(found, on_log, bounds) for found in (centers, centers - halves, centers + halves)]
    rows = zip(*ends, counts.tolist(), strict=True)
    return [
        Interval(mean, low, high, n) if n >= FEWEST_SEEDS else Interval(mean, None, None, n) if n else NOTHING
        for mean, low, high, n in rows
    ]


def _reach(counts: NDArray[np.intp], sampling: Sampling) -> FloatArray:
    """By row, how many standard deviations of its values its interval is wide to either side."""
    found = np.full(counts.shape, np.nan)
    for n in np.unique(counts[counts >= FEWEST_SEEDS]).tolist():
        found[counts == n] = t_quantile(1 - ERROR / 2, n - 1) * sqrt(sampling.variance_factor(n))
    return found


def _ends(points: FloatArray, on_log: NDArray[np.bool_], bounds: Bounds) -> list[float | None]:
    """The points on the users' scale, None where a float64 cannot hold them."""
    fits = np.where(on_log, points <= LARGEST_EXPONENT, np.isfinite(points))
    found = np.where(on_log, np.exp(np.minimum(points, LARGEST_EXPONENT)), np.clip(points, *bounds))
    return [value if fitting else None for value, fitting in zip(found.tolist(), fits.tolist(), strict=True)]


def logarithms(values: Iterable[float]) -> list[float]:
    """Natural logarithms of positive values."""
    return [log(value) for value in values]


def mean(values: Collection[float], *, log: bool = False) -> float:
    """The arithmetic mean, or with `log` the geometric; one value is its own mean to the last bit."""
    if log and len(values) > 1:
        return exp(mean(logarithms(values)))
    return sum(values) / len(values)


def set_of_the_best(
    values: FloatArray,
    best: int | NDArray[np.intp],
    *,
    settings_count: int,
    sampling: Sampling,
    error: float = ERROR,
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """One-sided paired t tests of every setting against the best, and who cannot be told apart from it.

    Runs with one seed share split, order and (for equal shapes) initial weights, so seeds are pairs. A
    setting leaves the set when it is worse with p < error / (settings_count - 1). For the true best to leave,
    one of the settings_count - 1 others must beat it by that much, so the set holds it with probability
    1 - error at least (Bonferroni; after Gupta 1965 and Hsu 1984). `settings_count` counts all settings of
    the sweep, ranked or not: it is known before any run ends, so the test does not depend on what they did.

    Values come on the scale that ranks them, losses as
    logarithms, so that a difference is a ratio. The best mean then has the best mean difference to every
    other setting (nothing can lead on one scale and trail on the other), and a loss that spreads in
    proportion to its size, as they do over decades of learning rates, spreads evenly.

    Shapes:
        values   (..., settings, seeds), lower is better
        best     (...), index of the setting with the best mean
        returns  p-values (..., settings), 0.5 for an exact tie and so for the best itself; membership, alike

    Raises:
        ValueError: fewer than three seeds.
    """
    n = values.shape[-1]
    if n < FEWEST_SEEDS:
        raise ValueError(f"{n} seeds; a paired test needs at least {FEWEST_SEEDS}")
    index = np.asarray(best, dtype=np.intp)[..., np.newaxis, np.newaxis]
    differences = values - np.take_along_axis(values, index, axis=-2)
    behind = differences.mean(axis=-1)
    standard_error = differences.std(axis=-1, ddof=1) * sqrt(sampling.variance_factor(n))
    # Without spread, an equal setting is a tie and any other difference is certain.
    certain = np.where(behind > 0, inf, np.where(behind < 0, -inf, 0.0))
    statistic = np.divide(behind, standard_error, out=certain, where=standard_error > 0)
    p_values = t_upper_tail(statistic, n - 1)
    return p_values, p_values >= error / max(1, settings_count - 1)


def rank(
    values: FloatArray,
    seeds: Sequence[int],
    tie_break: Callable[[int], tuple[float, float, str]],
    *,
    sampling: Sampling,
    error: float = ERROR,
) -> Ranking:
    """Rank settings by their mean over the seeds that all of them have.

    `values` (settings, seeds) has NaN where there is none, lower is better, on the scale of
    `set_of_the_best`. A setting without values takes no part; one with few seeds leaves all others as few to
    be compared on. Equal means are ordered by what `tie_break` says of a setting.
    """
    there = ~np.isnan(values)
    started = np.flatnonzero(there.any(axis=1))
    common: NDArray[np.bool_] = np.logical_and.reduce(there[started], axis=0)
    settings = started.tolist()
    if not settings or not common.any():
        return Ranking((), None, {}, frozenset(), frozenset(settings))
    table = values[started][:, common]
    means = table.mean(axis=1)
    best = min(np.flatnonzero(means == means.min()).tolist(), key=lambda row: tie_break(settings[row]))
    known = tuple(seed for seed, in_all in zip(seeds, common.tolist(), strict=True) if in_all)
    if len(known) < FEWEST_SEEDS:
        return Ranking(known, settings[best], {}, frozenset(), frozenset(settings))
    p_values, inside = set_of_the_best(
        table, best, settings_count=len(values), sampling=sampling, error=error
    )
    members = frozenset(started[inside].tolist())
    by_setting = dict(zip(settings, p_values.tolist(), strict=True))
    return Ranking(known, settings[best], by_setting, members, frozenset(settings))


def divergence_upper_bound(diverged: int, n: int) -> float | None:
    """The largest rate at which `n` runs all succeed with probability 0.05; None if any diverged."""
    return None if diverged or n < 1 else 1 - ERROR ** (1 / n)


def held_out_interval(
    values: Sequence[float],
    *,
    rows: int,
    rows_sd: float | None,
    proportion: bool,
    bounds: Bounds = UNBOUNDED,
) -> Interval:
    """A test metric's mean over seeds, with an interval for other seeds and for other test rows.

    half-width^2 = (t s / sqrt(n))^2 + (1.96 rows_sd / sqrt(rows))^2, where s is the spread over the seeds and
    `rows_sd` the spread over the test rows of each row's mean over the seeds. For a `proportion` of right
    rows, sqrt(p (1 - p)) stands in for a missing `rows_sd`: a row's mean q lies in [0, 1], so that
    var q = E q^2 - p^2 <= p - p^2, and the interval is never too narrow. No other metric has such a bound,
    and without `rows_sd` it gets no interval.

    When every row was right under every seed (or wrong), both spreads are 0, which `rows` rows cannot show:
    the open side is then the exact binomial bound 0.025^(1 / rows) (Clopper and Pearson 1934).
    """
    n = len(values)
    if n == 0:
        return NOTHING
    center = mean(values)
    if rows_sd is None and proportion:
        rows_sd = sqrt(max(0.0, center * (1 - center)))
    if n < FEWEST_SEEDS or rows < 1 or rows_sd is None:
        return Interval(center, None, None, n)
    if proportion and center in {0.0, 1.0}:
        reach = 1 - (ERROR / 2) ** (1 / rows)
        return Interval(center, max(0.0, center - reach), min(1.0, center + reach), n)
    over_seeds = t_quantile(1 - ERROR / 2, n - 1) * _standard_deviation(values, center) / sqrt(n)
    over_rows = 1.96 * rows_sd / sqrt(rows)
    return _around(center, sqrt(over_seeds**2 + over_rows**2), n, bounds)


def touched_side(grid: Iterable[object], touched: Iterable[object]) -> Side | None:
    """The end of one parameter's `grid` that the `touched` values reach; None if they stay inside.

    Only numbers have ends, and only three or more of them an inside. None in a grid stands for settings that
    do not use the parameter, and is passed over.
    """
    values = [value for value in grid if value is not None]
    numbers = {float(value) for value in values if is_number(value)}
    if len(numbers) < FEWEST_GRID_VALUES or not all(map(is_number, values)):
        return None
    reached = [value for value in touched if value is not None]
    low, high = min(numbers) in reached, max(numbers) in reached
    if low and high:
        return "both"
    return "low" if low else "high" if high else None


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a parameter's value has a place on a scale: a finite number and no boolean."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _standard_deviation(points: Sequence[float], center: float) -> float:
    return sqrt(sum((point - center) * (point - center) for point in points) / (len(points) - 1))


def _around(center: float, half_width: float, n: int, bounds: Bounds) -> Interval:
    def end(point: float) -> float | None:
        """The point within the bounds, None where a float64 cannot hold it."""
        return min(max(point, bounds[0]), bounds[1]) if isfinite(point) else None

    return Interval(end(center), end(center - half_width), end(center + half_width), n)
