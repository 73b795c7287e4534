"""Published tables, hand-worked examples, another library and simulations say what must come out."""

from __future__ import annotations

import subprocess
import sys
from math import exp, log, sqrt

import numpy as np
import pytest

from service.planning.statistics import (
    UNBOUNDED,
    Bounds,
    FloatArray,
    Interval,
    Sampling,
    bounds_of,
    divergence_upper_bound,
    held_out_interval,
    intervals,
    is_loss,
    rank,
    set_of_the_best,
    t_quantile,
    t_upper_tail,
    touched_side,
)

INDEPENDENT = Sampling(resampled=False, train_count=0, validation_count=0)


def interval(
    values: list[float], sampling: Sampling = INDEPENDENT, *, log: bool = False, bounds: Bounds = UNBOUNDED
) -> Interval:
    [found] = intervals(np.array([values]), sampling, log=log, bounds=bounds)
    return found


@pytest.mark.parametrize(
    ("probability", "degrees_of_freedom", "tabled"),
    # Fisher and Yates, Statistical Tables, table III.
    [(0.975, 2, 4.303), (0.975, 9, 2.262), (0.975, 19, 2.093), (0.95, 9, 1.833), (0.995, 19, 2.861)],
)
def test_quantiles_and_tails_of_students_t_agree_with_the_printed_table(
    probability: float, degrees_of_freedom: int, tabled: float
) -> None:
    assert t_quantile(probability, degrees_of_freedom) == pytest.approx(tabled, abs=5e-4)
    assert t_upper_tail(tabled, degrees_of_freedom) == pytest.approx(1 - probability, abs=5e-5)


def test_an_interval_is_the_mean_and_t_standard_errors() -> None:
    # By hand: mean 0.25, s^2 = 0.05 / 3, t(0.975, 3) = 3.182, half-width 3.182 * 0.12910 / 2.
    found = interval([0.1, 0.2, 0.3, 0.4])
    assert found.mean == pytest.approx(0.25)
    assert found.low == pytest.approx(0.25 - 0.2054, abs=1e-4)
    assert found.high == pytest.approx(0.25 + 0.2054, abs=1e-4)
    assert found.n == 4


def test_resampled_splits_widen_the_interval_as_nadeau_and_bengio_correct_it() -> None:
    # By hand: factor 1/4 + 25/100 = 1/2, half-width 3.182 * sqrt(0.05 / 3 / 2) = 0.2905.
    found = interval([0.1, 0.2, 0.3, 0.4], Sampling(True, train_count=100, validation_count=25))
    assert found.low == pytest.approx(0.25 - 0.2905, abs=1e-4)
    assert found.high == pytest.approx(0.25 + 0.2905, abs=1e-4)


def test_resampled_splits_without_training_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="train_count is 0"):
        interval([0.1, 0.2, 0.3], Sampling(True, train_count=0, validation_count=25))


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([], Interval(None, None, None, 0)),
        ([0.5], Interval(0.5, None, None, 1)),
        ([0.5, 0.7], Interval(0.6, None, None, 2)),
    ],
)
def test_fewer_than_three_values_have_no_interval(values: list[float], found: Interval) -> None:
    assert interval(values) == found


def test_losses_are_averaged_geometrically_and_their_interval_is_a_ratio() -> None:
    found = interval([0.1, 1.0, 10.0], log=True)
    # The logarithms are -1, 0, 1 decades: s = 1, half-width 4.303 / sqrt(3) = 2.484 decades.
    assert found.mean == pytest.approx(1.0)
    assert found.low == pytest.approx(10**-2.484, rel=1e-3)
    assert found.high == pytest.approx(10**2.484, rel=1e-3)


@pytest.mark.parametrize("lowest", [0.0, -1.0])
def test_a_value_without_a_logarithm_makes_the_interval_linear(lowest: float) -> None:
    values = [lowest, 1.0, 2.0]
    on_log = interval(values, log=True)
    assert on_log == interval(values)


def test_an_end_that_no_float_can_hold_is_left_out() -> None:
    found = interval([1e-300, 1.0, 1e300], log=True)
    assert found.mean == pytest.approx(1.0)
    assert found.high is None


def test_an_interval_of_an_accuracy_stays_within_0_and_1() -> None:
    values = [0.9, 1.0, 1.0]
    found = interval(values, bounds=bounds_of("test_accuracy"))
    assert found.high == 1.0
    assert bounds_of("validation_r2")[1] == 1.0


def test_losses_rmse_and_mae_are_compared_on_a_log_scale_and_scores_are_not() -> None:
    names = ["validation_loss", "validation_loss.best", "test_rmse", "validation_mae"]
    assert all(map(is_loss, names))
    assert not any(map(is_loss, ["validation_accuracy", "test_r2", "validation_macro_f1"]))


def test_the_p_values_are_those_of_scipys_paired_t_test() -> None:
    from scipy import stats

    values = np.random.default_rng(1).normal(size=(4, 8)) + np.arange(4)[:, None] / 3
    best = int(values.mean(axis=1).argmin())
    p_values, _ = set_of_the_best(values, best, settings_count=4, sampling=INDEPENDENT)
    others = [row for row in range(4) if row != best]
    expected = [stats.ttest_rel(values[row], values[best], alternative="greater").pvalue for row in others]
    assert p_values[others] == pytest.approx(expected)
    assert p_values[best] == 0.5


def test_the_correction_for_resampled_splits_divides_the_statistic() -> None:
    values = np.array([[0.0, 0.0, 0.0, 0.0], [0.1, 0.2, 0.3, 0.4]])
    p_values, _ = set_of_the_best(values, 0, settings_count=2, sampling=Sampling(True, 100, 25))
    # By hand as above: t = 0.25 / sqrt(0.05 / 3 / 2) = 2.7386, and P(T > 2.7386) = 0.0357 with 3 degrees.
    assert p_values[1] == pytest.approx(0.0357, abs=1e-4)


def test_the_set_is_judged_at_a_twentieth_shared_among_the_others() -> None:
    values = np.array([[0.0, 0.0, 0.0, 0.0], [0.1, 0.2, 0.3, 0.4]])  # p = 0.0152
    alone = set_of_the_best(values, 0, settings_count=2, sampling=INDEPENDENT)[1]
    among_five = set_of_the_best(values, 0, settings_count=5, sampling=INDEPENDENT)[1]
    assert alone.tolist() == [True, False]
    assert among_five.tolist() == [True, True]


def test_exact_ties_stay_in_and_a_constant_difference_is_certain() -> None:
    values = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [1.5, 2.5, 3.5]])
    p_values, inside = set_of_the_best(values, 0, settings_count=3, sampling=INDEPENDENT)
    assert inside.tolist() == [True, True, False]
    assert p_values.tolist() == [0.5, 0.5, 0.0]


def test_two_seeds_make_no_test() -> None:
    with pytest.raises(ValueError, match="2 seeds"):
        set_of_the_best(np.zeros((3, 2)), 0, settings_count=3, sampling=INDEPENDENT)


def holds_the_true_best(values: FloatArray, *, sampling: Sampling, error: float = 0.05) -> float:
    """The share of simulated sweeps (sweeps, settings, seeds) whose set holds setting 0."""
    best = values.mean(axis=-1).argmin(axis=-1)
    _, inside = set_of_the_best(values, best, settings_count=values.shape[1], sampling=sampling, error=error)
    return float(inside[:, 0].mean())


def simulated_sweeps(*, shared: float) -> FloatArray:
    """4,000 sweeps of 13 settings and 10 seeds, setting 0 barely best; `shared` is the variance in common.

    Seeds shift all settings alike. A setting's runs share a part of their noise, as overlapping training
    rows make them do, which no spread over the seeds can show.
    """
    rng = np.random.default_rng(7)
    sweeps, settings, seeds = 4000, 13, 10
    values = 3 * rng.normal(size=(sweeps, 1, seeds)) + rng.normal(size=(sweeps, settings, seeds))
    values += sqrt(shared) * rng.normal(size=(sweeps, settings, 1))
    values[:, 1:] += 0.001
    return values


def test_the_set_holds_the_true_best_in_95_of_100_sweeps() -> None:
    assert holds_the_true_best(simulated_sweeps(shared=0.0), sampling=INDEPENDENT) >= 0.95


@pytest.mark.parametrize("threshold", [0.05, 0.5])
def test_a_threshold_that_is_not_shared_among_the_others_does_not(threshold: float) -> None:
    values = simulated_sweeps(shared=0.0)
    assert holds_the_true_best(values, sampling=INDEPENDENT, error=12 * threshold) < 0.95


def test_with_overlapping_training_rows_only_the_corrected_set_holds_it() -> None:
    values = simulated_sweeps(shared=0.5)
    assert holds_the_true_best(values, sampling=Sampling(True, 100, 50)) >= 0.95
    assert holds_the_true_best(values, sampling=INDEPENDENT) < 0.95


def test_settings_are_ranked_on_the_seeds_that_all_of_them_have() -> None:
    # On its own seeds 0 looks better; on the common ones 1 is.
    none = np.nan
    values = np.array([[1.0, 2.0, 3.0, -9.0], [0.9, 1.8, 2.9, none], [none] * 4])
    ranking = rank(values, (1, 2, 3, 4), lambda _: (0.0, 0.0, ""), sampling=INDEPENDENT)
    assert ranking.seeds == (1, 2, 3)
    assert ranking.best == 1
    assert ranking.ranked == {0, 1}


def test_nothing_is_ranked_where_no_seed_is_common() -> None:
    values = np.array([[1.0, np.nan], [np.nan, 2.0]])
    ranking = rank(values, (1, 2), lambda _: (0.0, 0.0, ""), sampling=INDEPENDENT)
    assert ranking.best is None
    assert ranking.members == frozenset()


@pytest.mark.parametrize(("n", "bound"), [(3, 0.632), (10, 0.259), (20, 0.139), (60, 0.0487)])
def test_no_divergence_in_n_runs_bounds_its_rate(n: int, bound: float) -> None:
    found = divergence_upper_bound(0, n)
    assert found == pytest.approx(bound, abs=5e-4)
    assert found is not None
    assert (1 - found) ** n == pytest.approx(0.05)


def test_a_divergence_or_no_run_leaves_no_bound() -> None:
    assert divergence_upper_bound(1, 20) is None
    assert divergence_upper_bound(0, 0) is None


def test_a_test_interval_adds_seeds_and_rows_in_squares() -> None:
    # By hand: seeds 4.303 * 0.01 / sqrt(3) = 0.02484, rows 1.96 * 0.3 / sqrt(900) = 0.0196; root 0.03164.
    found = held_out_interval([0.89, 0.90, 0.91], rows=900, rows_sd=0.3, proportion=True)
    assert found.low == pytest.approx(0.90 - 0.03164, abs=1e-5)
    assert found.high == pytest.approx(0.90 + 0.03164, abs=1e-5)


def test_the_binomial_spread_is_never_below_that_of_the_rows() -> None:
    rng = np.random.default_rng(3)
    right = rng.random((200, 20)) < rng.beta(4, 1, size=(200, 1))  # rows, seeds
    values = right.mean(axis=0).tolist()
    of_rows = float(right.mean(axis=1).std())
    known = held_out_interval(values, rows=200, rows_sd=of_rows, proportion=True)
    bound = held_out_interval(values, rows=200, rows_sd=None, proportion=True)
    assert known.low is not None
    assert bound.low is not None
    assert bound.low < known.low


def test_all_rows_right_still_leaves_room_below() -> None:
    found = held_out_interval([1.0] * 10, rows=27, rows_sd=None, proportion=True)
    # Clopper and Pearson for 27 of 27: [0.872, 1].
    assert found.low == pytest.approx(0.872, abs=5e-4)
    assert found.high == 1.0


@pytest.mark.parametrize(("values", "rows"), [([0.4, 0.5, 0.6], 90), ([0.4, 0.5], 90), ([0.4, 0.5, 0.6], 0)])
def test_without_the_spread_over_rows_a_numeric_metric_has_no_interval(
    values: list[float], rows: int
) -> None:
    found = held_out_interval(values, rows=rows, rows_sd=None, proportion=False)
    assert (found.low, found.high) == (None, None)
    assert found.mean == pytest.approx(sum(values) / len(values))


@pytest.mark.parametrize(
    ("grid", "touched", "side"),
    [
        ([0.01, 0.1, 1.0], [0.1], None),
        ([0.01, 0.1, 1.0], [0.1, 1.0], "high"),
        ([1.0, 0.01, 0.1], [0.01], "low"),
        ([0.01, 0.1, 1.0], [0.01, 0.1, 1.0], "both"),
        ([0.01, 0.1], [0.01], None),
        (["relu", "tanh", "elu"], ["relu"], None),
        ([32, 64, "full"], [32], None),
        ([(64,), (32,), ()], [()], None),
        ([True, False, True], [True], None),
        ([None, 0.5, 0.9, 0.99], [0.99], "high"),
        ([None, 0.5, 0.9, 0.99], [None], None),
    ],
)
def test_only_a_grid_of_three_numbers_has_an_edge(
    grid: list[object], touched: list[object], side: str | None
) -> None:
    assert touched_side(grid, touched) == side


def test_importing_the_statistics_does_not_load_scipy() -> None:
    script = "import sys, service.planning.headline; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_the_geometric_mean_of_equal_losses_is_their_value() -> None:
    found = interval([0.3] * 5, log=True)
    assert found.mean == pytest.approx(exp(log(0.3)))
    assert found.low == pytest.approx(0.3)
