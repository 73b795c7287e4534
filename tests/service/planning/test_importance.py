"""What each parameter explains of the settings' ranks: shares worked out by hand, and those of SciPy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from service.planning.importance import Importance, importance
from service.planning.outcome_table import Setting
from service.planning.outcomes import Goal
from service.planning.statistics import Sampling
from service.planning.statuses import Role, RunState
from tests.service.planning.run_outcomes import RunOutcome, table_of

Cells = Mapping[tuple[int, int], Sequence[float | RunState]]

ALONE = Sampling(resampled=False, train_count=0, validation_count=0)


def runs(
    setting: Setting, losses: Sequence[float | RunState], converged: bool | None = None
) -> list[RunOutcome]:
    """One run per seed: a number is a completed run's loss, anything else the state of a run."""
    return [
        RunOutcome(
            number=1 + seed,
            setting=setting,
            configuration_hash=str(setting),
            seed=seed,
            state=entry if isinstance(entry, RunState) else RunState.COMPLETED,
            metrics={} if isinstance(entry, RunState) else {"validation_loss": entry},
            converged=converged,
        )
        for seed, entry in enumerate(losses)
    ]


def grid(cells: Cells) -> list[RunOutcome]:
    """Runs over `rate` and `width`."""
    return [
        run for (rate, width), losses in cells.items() for run in runs({"rate": rate, "width": width}, losses)
    ]


def found(outcomes: Sequence[RunOutcome], goal: Goal = "minimize", sampling: Sampling = ALONE) -> Importance:
    return importance(table_of(outcomes), metric="validation_loss", goal=goal, sampling=sampling)


def shares(outcomes: Sequence[RunOutcome], goal: Goal = "minimize") -> dict[str, float]:
    return {item.parameter: item.share for item in found(outcomes, goal).items}


def test_a_grid_of_four_as_by_hand() -> None:
    # Ranks 1, 2, 3, 4 have the variance 1.25; means by rate 1.5 and 3.5 have 1, by width 2 and 3 have 0.25.
    outcomes = grid({(1, 8): [0.1], (1, 16): [0.2], (2, 8): [0.3], (2, 16): [40.0]})
    answer = found(outcomes)
    assert [(one.parameter, one.levels) for one in answer.items] == [("rate", 2), ("width", 2)]
    assert [one.share for one in answer.items] == pytest.approx([0.8, 0.2])
    assert [one.with_interactions for one in answer.items] == pytest.approx([0.8, 0.2])
    assert [one.by_chance for one in answer.items] == [None, None]  # one seed tells nothing of the noise
    assert (answer.method, answer.settings, answer.left_out, answer.seeds) == ("grid", 4, 0, 1)


def test_the_noise_of_the_seeds_is_taken_off() -> None:
    # Mean ranks 1.5, 1.5, 3, 4: variance 1.125. Residuals of 1/2 at four ranks: 1 over (4 - 1)(2 - 1), so 1/3
    # for a rank and 1/6 for a mean of two; of the variance of four means that is 1/6 * 3/4, which leaves 1.
    outcomes = grid({(1, 8): [0.1, 0.2], (1, 16): [0.2, 0.1], (2, 8): [0.3, 0.3], (2, 16): [0.4, 0.4]})
    rate, width = found(outcomes).items
    assert rate.share == pytest.approx(1 - 1 / 24)
    assert width.share == pytest.approx(0.0625 - 1 / 24)
    assert rate.by_chance == pytest.approx((stats.f.ppf(0.95, 1, 3) - 1) / 24)
    # With rows that overlap, a mean of two seeds keeps 1/2 + 1/4 of the variance: 1/4 in place of 1/6.
    resampled = found(outcomes, sampling=Sampling(resampled=True, train_count=100, validation_count=25))
    assert resampled.items[0].share == pytest.approx((1 - 1 / 16) / (1.125 - 3 / 16))


def test_parameters_that_only_matter_together_explain_nothing_alone() -> None:
    outcomes = grid({(1, 8): [1.0], (1, 16): [2.0], (2, 8): [2.0], (2, 16): [1.0]})
    assert [(one.share, one.with_interactions) for one in found(outcomes).items] == [(0.0, 1.0), (0.0, 1.0)]


def test_a_diverged_run_is_worst_in_either_direction() -> None:
    diverged = RunState.DIVERGED
    cells: Cells = {(1, 8): [0.4], (1, 16): [0.3], (2, 8): [diverged], (2, 16): [diverged]}
    assert shares(grid(cells))["rate"] == pytest.approx(1 / 1.125)  # ranks 2, 1, 3.5, 3.5
    assert shares(grid(cells), "maximize")["rate"] == pytest.approx(1 / 1.125)


def test_a_descent_that_does_not_converge_is_worst_however_low_it_came() -> None:
    outcomes = grid({(1, 8): [0.4], (1, 16): [0.3], (2, 8): [0.2]})
    lost = runs({"rate": 2, "width": 16}, [-100.0], converged=False)
    assert (
        shares([*outcomes, *lost])["rate"] == shares(outcomes + runs({"rate": 2, "width": 16}, [1.0]))["rate"]
    )


def test_a_failed_setting_is_left_out_and_counted() -> None:
    cells: Cells = {(rate, width): [rate + width / 100] for rate in (1, 2, 3) for width in (8, 16)}
    answer = found(grid({**cells, (3, 16): [RunState.FAILED]}))
    assert (answer.method, answer.settings, answer.left_out) == ("bins", 5, 1)


def test_a_search_has_the_correlation_ratio_of_its_bins() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.uniform(size=(100, 2))
    kinds = ["relu", "tanh"]
    outcomes = [
        run
        for row, (rate, loss) in enumerate(drawn)
        for run in runs({"rate": float(rate), "kind": kinds[row % 2]}, [float(loss + (rate - 0.5) ** 2 * 4)])
    ]
    ranks = stats.rankdata([outcome.metrics["validation_loss"] or 0 for outcome in outcomes])
    order = np.argsort(drawn[:, 0])
    expected = {
        "rate": _epsilon_squared([ranks[part] for part in np.split(order, 10)]),
        "kind": _epsilon_squared([ranks[0::2], ranks[1::2]]),
    }
    answer = found(outcomes)
    assert answer.method == "bins"
    assert {item.parameter: item.share for item in answer.items} == pytest.approx(expected)
    assert {item.parameter: item.levels for item in answer.items} == {"rate": 10, "kind": 2}


def _epsilon_squared(groups: Sequence[NDArray[np.float64]]) -> float:
    count, size = sum(map(len, groups)), len(groups)
    f = float(stats.f_oneway(*groups).statistic)
    ratio = f * (size - 1) / (f * (size - 1) + count - size)
    return max(0.0, 1 - (1 - ratio) * (count - 1) / (count - size))


def test_what_has_no_influence_stays_below_chance_in_95_of_100_searches() -> None:
    rng = np.random.default_rng(1)
    above = 0
    for _ in range(200):
        drawn = rng.uniform(size=(40, 3))
        outcomes = [
            run for a, b, loss in drawn for run in runs({"a": float(a), "b": float(b)}, [float(loss)])
        ]
        above += sum(item.share > (item.by_chance or 0) for item in found(outcomes).items)
    assert 8 <= above <= 34  # of 400, 20 expected


def test_equal_values_share_a_bin() -> None:
    losses = [float(place) for place in range(20)]
    outcomes = [
        run
        for place, loss in enumerate(losses)
        for run in runs({"a": place if place > 12 else 0, "b": place % 3}, [loss])
    ]
    levels = {item.parameter: item.levels for item in found(outcomes).items}
    assert levels["a"] == 2  # of four bins the zeros fill the first three


@pytest.mark.parametrize(
    ("outcomes", "reason"),
    [
        ([], "no parameter"),
        (runs({}, [0.1, 0.2]), "no parameter"),
        (runs({"rate": 1}, [0.1]) + runs({"rate": 2}, [0.2]), "only rate varies"),
        (grid({(1, 8): [0.1], (2, 8): [0.2]}), "2 settings have finished"),
        (grid({(1, 8): [0.1], (1, 16): [0.1], (2, 8): [0.1], (2, 16): [0.1]}), "the same"),
        ([*runs({"loss": "mse"}, [0.1]), *runs({"loss": "mae"}, [0.2])], "mae and mse"),
    ],
)
def test_where_nothing_can_be_said_the_reason_is(outcomes: list[RunOutcome], reason: str) -> None:
    answer = found(outcomes)
    assert (answer.items, answer.method) == ((), None)
    assert reason in (answer.reason or "")


def test_baselines_take_no_part() -> None:
    outcomes = grid({(1, 8): [0.1], (1, 16): [0.2], (2, 8): [0.3], (2, 16): [0.4]})
    linear = RunOutcome(
        number=9, setting={"rate": 9}, configuration_hash="x", seed=0, state=RunState.COMPLETED,
        role=Role.LINEAR, metrics={"validation_loss": 0.0},
    )  # fmt: skip
    assert found([*outcomes, linear]) == found(outcomes)


def test_ranks_need_none_of_scipys_statistics_which_take_a_second_to_load() -> None:
    script = """
import sys
from service.planning.importance import importance
from service.planning.statistics import Sampling
from service.planning.statuses import RunState
from tests.service.planning.run_outcomes import RunOutcome, table_of

outcomes = [
    RunOutcome(
        number=rate + width, setting={"rate": rate, "width": width}, configuration_hash=f"{rate} {width}",
        seed=0, state=RunState.COMPLETED, metrics={"validation_loss": 0.1 * rate + width},
    )
    for rate in (1, 2) for width in (8, 16)
]
sampling = Sampling(resampled=False, train_count=0, validation_count=0)
found = importance(table_of(outcomes), metric="validation_loss", goal="minimize", sampling=sampling)
assert len(found.items) == 2
sys.exit("scipy.stats" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
