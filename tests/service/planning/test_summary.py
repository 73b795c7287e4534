"""Which setting a summary calls best, which it bars, and the shape in which the API answers it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from math import inf, nan
from typing import Any

import pytest

from service.errors import InvalidSubmission
from service.planning.outcome_table import Setting
from service.planning.outcomes import Goal
from service.planning.statuses import Role, RunState
from service.planning.summary import Summary, summarize
from tests.service.planning.run_outcomes import RunOutcome, table_of

COMPLETED, DIVERGED, FAILED = RunState.COMPLETED, RunState.DIVERGED, RunState.FAILED
QUEUED, CANCELED, PRUNED = RunState.QUEUED, RunState.CANCELED, RunState.PRUNED


def runs(
    setting: Setting,
    losses: Sequence[float | RunState],
    *,
    role: Role = Role.SEARCH,
    collapsed: bool = False,
    first_seed: int = 0,
    **others: float,
) -> list[RunOutcome]:
    """One run per seed: a number is a completed run's validation loss, anything else the state of a run."""
    return [
        RunOutcome(
            number=1,
            setting=setting,
            configuration_hash=json.dumps(setting, default=list),
            seed=seed,
            state=entry if isinstance(entry, RunState) else COMPLETED,
            collapsed=collapsed,
            role=role,
            metrics={} if isinstance(entry, RunState) else {"validation_loss": entry, **others},
        )
        for seed, entry in enumerate(losses, start=first_seed)
    ]


def rates(losses: dict[float, Sequence[float | RunState]]) -> list[RunOutcome]:
    return [run for rate, values in losses.items() for run in runs({"learning_rate": rate}, values)]


def summary_of(
    outcomes: Iterable[RunOutcome],
    *,
    group_by: tuple[str, ...] = ("learning_rate",),
    metric: str = "validation_loss",
    goal: Goal = "minimize",
    task: str = "classification",
    resampled: bool = False,
    rows_sd: dict[str, float] | None = None,
    **others: Any,
) -> Summary:
    return summarize(
        table_of(outcomes),
        group_by=group_by,
        metric=metric,
        goal=goal,
        task=task,
        resampled=resampled,
        train_count=100,
        validation_count=50,
        test_count=100,
        constant={"validation_loss": 2.3, "test_accuracy": 0.1},
        rows_sd=(rows_sd or {}).get,
        **others,
    )


def best_rate(summary: Summary) -> object:
    return summary.best.setting["learning_rate"] if summary.best else None


def test_the_best_setting_has_the_lowest_mean_loss() -> None:
    summary = summary_of(rates({0.1: [0.30, 0.31, 0.32], 0.2: [0.20, 0.22, 0.21]}))
    assert best_rate(summary) == 0.2
    assert summary.seeds == 3
    assert summary.complete


def test_the_best_mean_wins_over_the_best_single_run() -> None:
    assert best_rate(summary_of(rates({0.1: [0.01, 0.9, 0.9], 0.2: [0.2, 0.2, 0.2]}))) == 0.2


def test_losses_are_ranked_by_their_geometric_means() -> None:
    # Arithmetic means 0.37 and 0.30; geometric 0.10 and 0.30.
    losses: dict[float, Sequence[float | RunState]] = {0.1: [0.01, 0.1, 1.0], 0.2: [0.3, 0.3, 0.3]}
    summary = summary_of(rates(losses))
    assert best_rate(summary) == 0.1
    assert summary.settings[0].metrics["validation_loss"].mean == pytest.approx(0.1)


def test_one_loss_of_zero_makes_every_mean_arithmetic() -> None:
    losses: dict[float, Sequence[float | RunState]] = {
        0.1: [0.01, 0.1, 1.0],
        0.2: [0.3, 0.3, 0.3],
        0.4: [0.0, 1.0, 1.0],
    }
    summary = summary_of(rates(losses))
    assert not summary.log_scale
    assert best_rate(summary) == 0.2
    assert summary.settings[0].metrics["validation_loss"].mean == pytest.approx(0.37)


def test_ranking_by_rmse_and_by_its_square_agree() -> None:
    first = {0.1: [0.1, 0.4, 0.9], 0.2: [0.3, 0.35, 0.32]}
    outcomes = [
        run
        for rate, losses in first.items()
        for seed, loss in enumerate(losses)
        for run in runs({"learning_rate": rate}, [loss], first_seed=seed, validation_rmse=loss**0.5)
    ]
    by_loss, by_rmse = (summary_of(outcomes, metric=f"validation_{name}") for name in ("loss", "rmse"))
    assert best_rate(by_loss) == best_rate(by_rmse)
    assert [s.p_value for s in by_loss.settings] == pytest.approx([s.p_value for s in by_rmse.settings])


def test_a_goal_of_maximize_takes_the_highest() -> None:
    outcomes = [
        *runs({"learning_rate": 0.1}, [0.1, 0.1, 0.1], validation_accuracy=0.7),
        *runs({"learning_rate": 0.2}, [0.2, 0.2, 0.2], validation_accuracy=0.9),
    ]
    assert best_rate(summary_of(outcomes, metric="validation_accuracy", goal="maximize")) == 0.2


def test_survivors_of_a_diverging_setting_never_win() -> None:
    summary = summary_of(rates({0.1: [0.3, 0.3, 0.3], 9.0: [0.01, DIVERGED, 0.01]}))
    assert best_rate(summary) == 0.1
    barred = summary.settings[1]
    assert not barred.eligible
    assert not barred.in_best_set
    assert (barred.completed, barred.diverged, barred.diverged_upper_bound) == (2, 1, None)
    shown = barred.to_json()["metrics"]
    assert shown == {
        "validation_loss": {
            "mean": pytest.approx(0.01),
            "low": None,
            "high": None,
            "n": 2,
            "survivors_only": True,
        }
    }


def test_a_setting_without_divergence_shows_the_bound_on_its_rate() -> None:
    (setting,) = summary_of(rates({0.1: [0.3] * 20})).settings
    assert setting.diverged_upper_bound == pytest.approx(0.139, abs=5e-4)


def test_all_diverged_has_no_best() -> None:
    summary = summary_of(rates({1.0: [DIVERGED, 0.1, 0.1], 9.0: [DIVERGED] * 3}))
    assert summary.best is None
    assert summary.best_set == ()
    assert summary.edges == ()
    assert summary.test is None


def test_a_tie_goes_to_the_lower_loss_then_the_lower_rate_then_the_first_hash() -> None:
    def tied(second_loss: float, second: Setting) -> Summary:
        return summary_of(
            [
                *runs({"learning_rate": 0.2, "activation": "tanh"}, [0.3] * 3, validation_accuracy=0.9),
                *runs(second, [second_loss] * 3, validation_accuracy=0.9),
            ],
            group_by=("learning_rate", "activation"),
            metric="validation_accuracy",
            goal="maximize",
        )

    lower_loss = tied(0.2, {"learning_rate": 0.4, "activation": "tanh"})
    lower_rate = tied(0.3, {"learning_rate": 0.1, "activation": "tanh"})
    first_hash = tied(0.3, {"learning_rate": 0.2, "activation": "relu"})
    for summary in (lower_loss, lower_rate, first_hash):
        assert summary.settings[1].best
        assert len(summary.best_set) == 2  # ties stay in the set


def test_the_set_holds_what_pairs_by_seed_cannot_tell_apart() -> None:
    # The seeds differ far more than the settings, yet 0.2 is behind by the same ratio at every one of them.
    seeds = [0.1, 0.2, 0.4, 0.8, 1.6]
    wobble = [1.02, 0.99, 1.01, 0.98, 1.01]
    summary = summary_of(
        rates(
            {
                0.1: seeds,
                0.2: [1.1 * loss * w for loss, w in zip(seeds, wobble, strict=True)],
                0.3: [loss * w for loss, w in zip(seeds, wobble, strict=True)],
            }
        )
    )
    assert [setting.in_best_set for setting in summary.settings] == [True, False, True]
    assert summary.settings[0].p_value is None


def test_resampled_splits_make_the_set_larger() -> None:
    losses: dict[float, Sequence[float | RunState]] = {
        0.1: [0.30, 0.31, 0.30, 0.31],
        0.2: [0.31, 0.31, 0.32, 0.32],
    }
    assert len(summary_of(rates(losses)).best_set) == 1
    assert len(summary_of(rates(losses), resampled=True).best_set) == 2


def test_below_three_seeds_there_is_a_best_and_no_set() -> None:
    summary = summary_of(rates({0.1: [0.3, 0.3], 0.2: [0.2, 0.2]}))
    assert best_rate(summary) == 0.2
    assert summary.best_set == ()
    assert [setting.p_value for setting in summary.settings] == [None, None]


def test_a_sweep_under_way_is_compared_on_the_seeds_that_all_settings_have() -> None:
    # 0.2 leads on the seeds of its own; on seeds 0 to 2, which both have, 0.1 does.
    summary = summary_of(rates({0.1: [0.3, 0.3, 0.3, QUEUED, QUEUED], 0.2: [0.4, 0.4, 0.4, 0.01, 0.01]}))
    assert best_rate(summary) == 0.1
    assert summary.compared_seeds == 3
    assert not summary.complete
    assert summary.settings[0].pending == 2


def test_a_setting_that_has_not_begun_holds_nobody_up() -> None:
    summary = summary_of(rates({0.1: [0.3, 0.3, 0.3], 0.2: [QUEUED, RunState.RUNNING, RunState.PAUSED]}))
    assert best_rate(summary) == 0.1
    assert not summary.settings[1].eligible
    assert summary.settings[1].pending == 3


@pytest.mark.parametrize("state", [FAILED, PRUNED])
def test_a_failed_or_pruned_run_keeps_its_setting_out_of_the_ranking(state: RunState) -> None:
    summary = summary_of(rates({0.1: [0.3, 0.3, 0.3], 0.2: [0.1, 0.1, state]}))
    assert best_rate(summary) == 0.1
    assert summary.compared_seeds == 3
    assert summary.complete


def test_a_canceled_sweep_is_ranked_on_what_it_finished_and_is_not_complete() -> None:
    summary = summary_of(rates({0.1: [0.3, 0.3, 0.3, CANCELED], 0.2: [0.2, 0.2, 0.2, 0.2]}))
    assert best_rate(summary) == 0.2
    assert summary.compared_seeds == 3
    assert not summary.complete


def test_a_value_that_is_not_finite_counts_as_missing_and_never_reaches_json() -> None:
    summary = summary_of(rates({0.1: [0.3, 0.3, 0.3, nan], 0.2: [0.2, 0.2, 0.2, inf]}))
    assert summary.compared_seeds == 3
    json.dumps(summary.to_json(headline="", notes=()), allow_nan=False)


def test_losses_of_different_kinds_are_not_ranked_against_each_other() -> None:
    outcomes = [
        *runs({"loss": "mse"}, [0.1] * 3, validation_accuracy=0.8),
        *runs({"loss": "cross_entropy"}, [0.3] * 3, validation_accuracy=0.9),
    ]
    refused = summary_of(outcomes, group_by=("loss",))
    assert refused.best is None
    assert refused.mixed_losses == ("cross_entropy", "mse")
    by_accuracy = summary_of(outcomes, group_by=("loss",), metric="validation_accuracy", goal="maximize")
    assert by_accuracy.best is not None
    assert by_accuracy.best.setting == {"loss": "cross_entropy"}


def test_pooled_configurations_count_once_per_seed() -> None:
    outcomes = [
        run
        for rate, layers, loss in [(0.1, (32,), 0.1), (0.1, (64,), 0.4), (0.2, (32,), 0.3), (0.2, (64,), 0.3)]
        for run in runs({"learning_rate": rate, "hidden_layers": layers}, [loss, 1.1 * loss, 1.2 * loss])
    ]
    summary = summary_of(outcomes)
    pooled = summary.settings[0]
    assert (pooled.runs, pooled.metrics["validation_loss"].n, pooled.configuration_hash) == (6, 3, None)
    assert best_rate(summary) == 0.1  # geometric means at seed 0: 0.2 against 0.3
    assert summary.pooled == ("hidden_layers",)
    assert pooled.diverged_upper_bound == pytest.approx(1 - 0.05 ** (1 / 3))


def test_grouping_by_what_does_not_vary_is_refused_with_what_does() -> None:
    with pytest.raises(InvalidSubmission) as refused:
        summary_of(rates({0.1: [0.3]}), group_by=("learning_rate", "momentum"))
    (fault,) = refused.value.faults
    assert (fault.path, fault.value, fault.allowed) == ("group_by", "momentum", "learning_rate")


@pytest.mark.parametrize(
    ("best", "side"), [(0.01, "low"), (0.1, None), (1.0, "high")], ids=["low end", "inside", "high end"]
)
def test_a_best_at_the_end_of_the_grid_is_on_the_edge(best: float, side: str | None) -> None:
    wobble = [1.0, 1.01, 0.99, 1.0]
    outcomes = rates(
        {rate: [(0.1 if rate == best else 0.9) * w for w in wobble] for rate in (0.01, 0.1, 1.0)}
    )
    edges = summary_of(outcomes).edges
    assert [(edge.parameter, edge.side) for edge in edges] == ([("learning_rate", side)] if side else [])


def test_rates_that_diverged_are_part_of_the_grid() -> None:
    outcomes = rates(
        {0.01: [0.9, 0.91, 0.9], 0.1: [0.8, 0.79, 0.8], 1.0: [0.1, 0.11, 0.1], 9.0: [DIVERGED] * 3}
    )
    assert summary_of(outcomes).edges == ()


def test_the_test_metric_is_the_mean_over_all_seeds_of_the_best_setting_alone() -> None:
    outcomes = [
        *runs({"learning_rate": 0.1}, [0.2, 0.2, 0.2], test_accuracy=0.9),
        *runs({"learning_rate": 0.2}, [0.3, 0.3, 0.3], test_accuracy=0.99),
    ]
    summary = summary_of(outcomes)
    assert summary.test is not None
    assert summary.test.interval.mean == pytest.approx(0.9)
    # Without a spread over the seeds, 1.96 * sqrt(0.9 * 0.1 / 100) remains.
    assert summary.test.interval.low == pytest.approx(0.9 - 0.0588)
    known = summary_of(outcomes, rows_sd={'{"learning_rate": 0.1}': 0.1})
    assert known.test is not None
    assert known.test.interval.low == pytest.approx(0.9 - 0.0196)
    assert all("test_accuracy" not in setting.metrics for setting in summary.settings)


def test_the_linear_baseline_is_chosen_on_validation_as_the_sweeps_best_is() -> None:
    outcomes = [
        *rates({0.1: [0.2] * 3}),
        *runs({"learning_rate": 0.1}, [0.5] * 3, role=Role.LINEAR, test_accuracy=0.95),
        *runs({"learning_rate": 0.2}, [0.4] * 3, role=Role.LINEAR, test_accuracy=0.92),
        *runs({"learning_rate": 9.0}, [0.1, DIVERGED, 0.1], role=Role.LINEAR, test_accuracy=0.99),
    ]
    summary = summary_of(outcomes)
    assert len(summary.settings) == 1
    assert summary.linear is not None
    assert summary.linear.setting == {"learning_rate": 0.2}
    assert summary.linear.metrics == pytest.approx({"validation_loss": 0.4, "test_accuracy": 0.92})


def test_the_sources_of_variation_follow_the_split() -> None:
    outcomes = rates({0.1: [0.2] * 3})
    assert summary_of(outcomes).sources_of_variation == ("initial weights", "order")
    resampled = summary_of(outcomes, resampled=True)
    assert resampled.sources_of_variation == ("initial weights", "order", "validation rows")


def test_no_runs_make_an_empty_summary() -> None:
    summary = summary_of([])
    assert (summary.best, summary.settings, summary.seeds) == (None, (), 0)


def test_the_answer_has_the_published_shape() -> None:
    outcomes = [
        *runs({"hidden_layers": (64,)}, [0.5, 0.5, 0.5], test_accuracy=0.9),
        *runs({"hidden_layers": (64,)}, [0.5] * 3, role=Role.LINEAR, test_accuracy=0.92),
    ]
    summary = summary_of(outcomes, group_by=("hidden_layers",))
    answer = summary.to_json(headline="It is best.", notes=["A note."])
    test = answer.pop("test")
    assert isinstance(test, dict)
    assert list(test) == ["metric", "mean", "low", "high", "n"]
    assert json.loads(json.dumps(answer)) == {
        "group_by": ["hidden_layers"],
        "metric": "validation_loss",
        "goal": "minimize",
        "seeds": 3,
        "settings_count": 1,
        "complete": True,
        "headline": "It is best.",
        "best": {"hidden_layers": [64]},
        "best_set": [{"hidden_layers": [64]}],
        "confidence": 0.95,
        "settings": [
            {
                "setting": {"hidden_layers": [64]},
                "configuration_hash": '{"hidden_layers": [64]}',
                "runs": 3,
                "completed": 3,
                "diverged": 0,
                "diverged_upper_bound": pytest.approx(1 - 0.05 ** (1 / 3)),
                "collapsed": 0,
                "unconverged": 0,
                "unturned": 0,
                "failed": 0,
                "pending": 0,
                "eligible": True,
                "best": True,
                "in_best_set": True,
                "p_value": None,
                "median": 0.5,
                "mean_rank": 1.0,
                "metrics": {
                    "validation_loss": {
                        "mean": pytest.approx(0.5),
                        "low": pytest.approx(0.5),
                        "high": pytest.approx(0.5),
                        "n": 3,
                        "survivors_only": False,
                    }
                },
            }
        ],
        "edge": None,
        "baselines": {
            "constant": {"validation_loss": 2.3, "test_accuracy": 0.1},
            "linear": {
                "setting": {"hidden_layers": [64]},
                "validation_loss": pytest.approx(0.5),
                "test_accuracy": pytest.approx(0.92),
            },
        },
        "notes": ["A note."],
        "sources_of_variation": ["initial weights", "order"],
        "expected_best": [],
        "looks": 1,
        "test_reveals": 0,
    }


def test_a_random_search_shows_what_fewer_settings_would_find() -> None:
    losses: dict[float, Sequence[float | RunState]] = {
        0.1: [1.0, 1.0], 0.2: [2.0, 2.0], 0.3: [4.0, 4.0], 0.4: [DIVERGED, 0.1],
    }  # fmt: skip
    found = summary_of(rates(losses), method="random").expected_best
    # The diverged setting counts as the worst that did not, so the four are 1, 2, 4 and 4.
    assert [count for count, _ in found] == [1, 2, 3, 4]
    assert found[0][1] == pytest.approx(11 / 4)
    assert found[1][1] == pytest.approx((7 * 1 + 5 * 2 + 4 * 4) / 16)
    assert summary_of(rates(losses)).expected_best == ()


def test_seeds_added_after_a_look_share_the_error() -> None:
    # One-sided paired p of the second setting is about 0.02: outside at 0.05, inside at a quarter of it.
    losses: dict[float, Sequence[float | RunState]] = {
        0.1: [0.30, 0.31, 0.32, 0.30],
        0.2: [0.33, 0.32, 0.36, 0.32],
    }
    at_once, later = summary_of(rates(losses)), summary_of(rates(losses), looks=2)
    (p_value,) = [setting.p_value for setting in at_once.settings if setting.p_value is not None]
    assert 0.05 / 4 < p_value < 0.05
    assert [len(each.best_set) for each in (at_once, later)] == [1, 2]
    assert (at_once.looks, later.looks) == (1, 2)
