"""Every kind of answer reads as one exact sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from service.planning.headline import headline, notes
from service.planning.headline_words import Context
from service.planning.outcome_table import Setting
from service.planning.outcomes import Goal
from service.planning.significant import labels, percent, significant
from service.planning.statistics import Interval
from service.planning.statuses import Role, RunState
from service.planning.summary import HeldOut, Summary, summarize
from tests.service.planning.run_outcomes import RunOutcome, table_of

DIVERGED, FAILED, QUEUED, CANCELED = RunState.DIVERGED, RunState.FAILED, RunState.QUEUED, RunState.CANCELED
DIGITS = Context(epochs=30, batch_size=32, optimizer="sgd", loss="cross_entropy")
DIABETES = Context(epochs=30, batch_size="full", optimizer="adam", loss="mse")
AT = "at 30 epochs (batch 32, sgd, cross-entropy)"
LOG_NOTE = "Means of validation loss are geometric, intervals on a log scale."


def runs(
    setting: Setting,
    losses: Iterable[float | RunState],
    *,
    role: Role = Role.SEARCH,
    collapsed: Sequence[int] = (),
    **others: float,
) -> list[RunOutcome]:
    """One run per seed: a number is a completed run's validation loss, anything else the state of a run."""
    return [
        RunOutcome(
            number=1,
            setting=setting,
            configuration_hash=str(setting),
            seed=seed,
            state=entry if isinstance(entry, RunState) else RunState.COMPLETED,
            collapsed=seed in collapsed,
            role=role,
            metrics={} if isinstance(entry, RunState) else {"validation_loss": entry, **others},
        )
        for seed, entry in enumerate(losses)
    ]


def around(loss: float, seeds: int = 3) -> list[float]:
    """Losses near `loss` that differ between seeds, by the same ratios in every setting."""
    return [loss * (1 + 0.01 * (seed % 3)) for seed in range(seeds)]


def indistinct(loss: float, seeds: int = 3) -> list[float]:
    """Losses near `loss` whose order between seeds is that of no other setting."""
    return [loss * (1.3, 0.7, 1.1)[seed % 3] for seed in range(seeds)]


def by_rate(losses: Mapping[float, Iterable[float | RunState]]) -> list[RunOutcome]:
    return [run for rate, values in losses.items() for run in runs({"learning_rate": rate}, values)]


def summary_of(
    outcomes: Iterable[RunOutcome],
    *,
    group_by: tuple[str, ...] = ("learning_rate",),
    metric: str = "validation_loss",
    goal: Goal = "minimize",
    task: str = "classification",
    constant: Mapping[str, float] | None = None,
    method: str = "grid",
) -> Summary:
    return summarize(
        table_of(outcomes),
        group_by=group_by,
        metric=metric,
        goal=goal,
        task=task,
        resampled=False,
        train_count=100,
        validation_count=20,
        test_count=270,
        method=method,
        constant=constant or {},
    )


def digits_sweep() -> list[RunOutcome]:
    """13 rates over four decades and 20 seeds, as in the reference; three rates cannot be told apart."""
    rates = [float(f"{rate:.12g}") for rate in np.geomspace(1e-2, 10, 13)]
    rng = np.random.default_rng(0)
    return [
        *(
            run
            for rate in rates
            for run in runs(
                {"learning_rate": rate},
                0.1 * np.exp(0.4 * np.log10(rate / 0.3162) ** 2 + 0.05 * rng.normal(size=20)),
                test_accuracy=0.968,
            )
        ),
        *runs({"learning_rate": 0.1}, around(0.3), role=Role.LINEAR, test_accuracy=0.92),
    ]


def test_the_headline_of_the_reference_comes_out_word_for_word() -> None:
    summary = summary_of(digits_sweep(), constant={"test_accuracy": 0.1})
    told = replace(summary, test=HeldOut("test_accuracy", Interval(0.968, 0.947, 0.984, 20), None))
    assert headline(told, DIGITS) == (
        "0.32 is best at 30 epochs (batch 32, sgd, cross-entropy); 0.18 to 0.56 cannot be told apart (95 %, "
        "20 seeds, 13 rates); 0 of 20 diverged; test accuracy 96.8 % [94.7, 98.4]; "
        "constant 10 %, linear 92 %."
    )
    assert notes(told) == (LOG_NOTE,)


def test_several_parameters_are_all_named() -> None:
    outcomes = [
        run
        for rate, layers, losses in [
            (0.1, (32,), around(0.5)),
            (0.1, (64,), indistinct(0.31)),
            (0.316227766017, (32,), around(0.4)),
            (0.316227766017, (64,), around(0.3)),
        ]
        for run in runs({"learning_rate": rate, "hidden_layers": layers}, losses)
    ]
    assert headline(summary_of(outcomes, group_by=("learning_rate", "hidden_layers")), DIGITS) == (
        f"learning rate 0.32, hidden layers [64] is best {AT}; (learning rate 0.1, hidden layers [64]) "
        "cannot be told apart from it (95 %, 3 seeds, 4 settings); 0 of 3 diverged."
    )


def test_many_ties_in_several_parameters_are_counted() -> None:
    outcomes = [
        run
        for rate in (0.1, 0.2, 0.4)
        for layers in ((32,), (64,))
        for run in runs({"learning_rate": rate, "hidden_layers": layers}, around(0.3))
    ]
    sentence = headline(summary_of(outcomes, group_by=("learning_rate", "hidden_layers")), DIGITS)
    assert "; 5 others cannot be told apart from it (95 %, 3 seeds, 6 settings); " in sentence
    assert "the optimum may lie outside the grid, in learning rate below 0.1 or above 0.4; " in sentence


def test_a_set_with_gaps_is_listed() -> None:
    outcomes = by_rate(
        {
            0.001: around(9.0),
            0.01: indistinct(0.31),
            0.02: around(0.9),
            0.04: around(0.3),
            0.08: indistinct(0.32),
            0.1: indistinct(0.33),
            0.2: around(0.9),
        }
    )
    assert headline(summary_of(outcomes), DIGITS) == (
        f"0.04 is best {AT}; 0.01 and 0.04 to 0.1 cannot be told apart (95 %, 3 seeds, 7 rates); "
        "0 of 3 diverged."
    )


def test_names_that_cannot_be_told_apart_are_listed() -> None:
    outcomes = [
        *runs({"activation": "relu"}, around(0.3)),
        *runs({"activation": "sigmoid"}, around(0.6)),
        *runs({"activation": "tanh"}, indistinct(0.31)),
    ]
    assert headline(summary_of(outcomes, group_by=("activation",)), DIGITS) == (
        f"activation relu is best {AT}; activation relu and tanh cannot be told apart (95 %, 3 seeds, "
        "3 settings); 0 of 3 diverged."
    )


def test_a_best_that_stands_alone_says_so() -> None:
    outcomes = by_rate({0.01: around(0.9), 0.1: around(0.3), 1.0: around(0.8)})
    assert headline(summary_of(outcomes), DIGITS) == (
        f"0.1 is best {AT}; the other 2 are worse (95 %, 3 seeds, 3 rates); 0 of 3 diverged."
    )


def test_a_best_that_stands_alone_among_few_that_could_be_ranked_says_that() -> None:
    outcomes = by_rate({0.01: around(0.9), 0.1: around(0.3), 1.0: [DIVERGED, 0.1, 0.1]})
    summary = summary_of(outcomes)
    assert headline(summary, DIGITS) == (
        f"0.1 is best {AT}; 1 other that could be ranked is worse (95 %, 3 seeds, 3 rates); 0 of 3 diverged."
    )
    assert notes(summary)[0] == (
        "1 rate diverged at least once and cannot be best; means there are over survivors only."
    )


def test_a_best_at_the_end_of_the_grid_says_where_the_optimum_may_lie() -> None:
    summary = summary_of(by_rate({0.1: around(0.9), 1.0: around(0.5), 10.0: around(0.3)}))
    assert headline(summary, DIGITS) == (
        f"10 is best {AT}; the other 2 are worse (95 %, 3 seeds, 3 rates); the optimum may lie outside the "
        "grid, above 10; 0 of 3 diverged."
    )
    assert notes(summary)[-1] == "The optimum may lie outside the grid, above 10: extend the sweep there."


def test_what_was_drawn_is_no_grid_and_has_no_outside() -> None:
    outcomes = by_rate({0.11: around(0.9), 1.2: around(0.5), 9.7: around(0.3)})
    summary = summary_of(outcomes, method="random")
    assert headline(summary, DIGITS) == (
        f"9.7 is best {AT}; the other 2 are worse (95 %, 3 seeds, 3 rates); nothing was drawn above 9.7, "
        "where the optimum may lie; 0 of 3 diverged."
    )
    assert notes(summary)[-1] == (
        "Nothing was drawn above 9.7, where the optimum may lie: a new sweep can draw from a wider range."
    )


def test_a_single_setting_shows_its_interval() -> None:
    outcomes = runs({}, [0.1, 0.1, 0.1], test_accuracy=0.968)
    assert headline(summary_of(outcomes, group_by=()), DIGITS) == (
        f"The only setting has validation loss 0.1 [0.1, 0.1] {AT}; 95 %, 3 seeds; 0 of 3 diverged; "
        "test accuracy 96.8 % [94.7, 98.9]."
    )


def test_a_single_run_is_only_a_point() -> None:
    summary = summary_of(runs({}, [0.1], test_accuracy=0.968), group_by=())
    assert headline(summary, DIGITS) == (
        f"The only setting has validation loss 0.1 {AT}; 1 seed is too few for an interval; "
        "0 of 1 diverged; test accuracy 96.8 %."
    )


def test_two_seeds_name_the_lowest_and_no_set() -> None:
    summary = summary_of(by_rate({0.1: [0.3, 0.31], 0.2: [0.2, 0.21]}))
    assert headline(summary, DIGITS) == (
        f"0.2 has the lowest validation loss {AT}; 2 seeds are too few to say how sure that is (2 rates); "
        "0 of 2 diverged."
    )
    assert "2 seeds: intervals and the set of the best need at least 3." in notes(summary)


def test_nothing_can_be_best_where_every_setting_diverged() -> None:
    outcomes = [
        *by_rate({1.0: [0.1, DIVERGED, 0.1], 9.0: [DIVERGED] * 3}),
        *runs({"learning_rate": 0.1}, around(0.3), role=Role.LINEAR, test_accuracy=0.92),
    ]
    assert headline(summary_of(outcomes, constant={"test_accuracy": 0.1}), DIGITS) == (
        f"No rate can be best {AT}: each of 2 rates diverged at least once; 4 of 6 runs diverged; "
        "constant 10 %, linear 92 %."
    )


def test_a_sweep_in_which_nothing_learned_says_so() -> None:
    outcomes = [
        run
        for rate in (0.1, 0.2)
        for run in runs({"learning_rate": rate}, around(2.3), collapsed=(0, 1, 2), test_accuracy=0.1)
    ]
    assert headline(summary_of(outcomes, constant={"test_accuracy": 0.1}), DIGITS) == (
        f"No rate is better than the constant predictor {AT}; all 6 completed runs collapsed (3 seeds, "
        "2 rates); 0 of 6 diverged; constant 10 %."
    )


def test_collapsed_runs_of_the_best_are_counted() -> None:
    outcomes = runs({}, [0.1, 0.1, 2.3], collapsed=(2,))
    assert "; 0 of 3 diverged, 1 collapsed." in headline(summary_of(outcomes, group_by=()), DIGITS)


def test_a_sweep_under_way_says_how_far_it_is() -> None:
    outcomes = by_rate({0.1: [*around(0.3), QUEUED], 0.2: [*around(0.6), 0.6]})
    summary = summary_of(outcomes)
    assert headline(summary, DIGITS) == (
        f"So far, with 7 of 8 runs finished, 0.1 is best {AT}; the other is worse (95 %, 3 seeds, 2 rates); "
        "0 of 3 diverged."
    )
    assert notes(summary)[0] == (
        "Partial: 7 of 8 runs finished; rates are compared on the 3 seeds that all ranked ones have."
    )


def test_a_sweep_that_has_not_begun_has_no_answer_yet() -> None:
    assert headline(summary_of(by_rate({0.1: [QUEUED] * 3})), DIGITS) == (
        "No answer yet: 0 of 3 runs finished."
    )


def test_failed_and_canceled_runs_are_named() -> None:
    summary = summary_of(by_rate({0.1: [0.3, FAILED, 0.3], 0.2: [CANCELED] * 3}))
    assert headline(summary, DIGITS) == (
        f"So far, with 2 of 6 runs finished, no rate can be ranked by validation loss {AT}; of 6 runs, "
        "0 diverged and 1 failed."
    )
    assert "3 runs canceled." in notes(summary)
    assert "1 run failed; a rate with a failed run is not ranked until it is retried." in notes(summary)


def test_losses_that_cannot_be_compared_name_no_best() -> None:
    outcomes = [*runs({"loss": "mse"}, around(0.1)), *runs({"loss": "huber"}, around(0.2))]
    context = Context(epochs=30, batch_size=32, optimizer="sgd")
    assert headline(summary_of(outcomes, group_by=("loss",)), context) == (
        "No setting is named best at 30 epochs (batch 32, sgd): validation loss cannot rank runs trained "
        "with different losses (huber and mse)."
    )


def test_a_regression_is_told_in_r2_and_rmse() -> None:
    outcomes = [
        *runs({"learning_rate": 0.1}, around(0.5), test_r2=0.4836, test_rmse=54.312),
        *runs({"learning_rate": 0.2}, around(0.9), test_r2=0.2, test_rmse=70.0),
        *runs({"learning_rate": 0.1}, around(0.6), role=Role.LINEAR, test_r2=0.4712),
    ]
    summary = summary_of(outcomes, task="regression", constant={"test_r2": -0.003})
    assert headline(summary, DIABETES) == (
        "0.1 is best at 30 epochs (full batch, adam, mse); the other is worse (95 %, 3 seeds, 2 rates); "
        "0 of 3 diverged; test R2 0.48, RMSE 54.3; constant 0.00, linear 0.47."
    )
    assert "No interval for test R2: its spread over the test rows is not known." in notes(summary)


def test_another_metric_is_named() -> None:
    outcomes = [
        *runs({"learning_rate": 0.1}, around(0.5), validation_accuracy=0.9),
        *runs({"learning_rate": 0.2}, around(0.9), validation_accuracy=0.8),
    ]
    summary = summary_of(outcomes, metric="validation_accuracy", goal="maximize")
    assert headline(summary, DIGITS).startswith(f"0.1 is best by validation accuracy {AT}; ")


def test_what_varies_inside_a_setting_is_called_varied() -> None:
    outcomes = [
        run
        for batch in (16, 32)
        for rate, loss in [(0.1, 0.3), (0.2, 0.6)]
        for run in runs({"learning_rate": rate, "batch_size": batch}, around(loss))
    ]
    summary = summary_of(outcomes)
    context = Context(epochs=1, optimizer="sgd", loss="mse")
    assert headline(summary, context).startswith("0.1 is best at 1 epoch (varied batch size, sgd, mse); ")
    assert "A seed's value is a mean over the configurations of its rate, differing in batch size." in notes(
        summary
    )


def test_a_linear_baseline_that_never_settled_is_noted() -> None:
    outcomes = [*by_rate({0.1: around(0.3)}), *runs({}, [DIVERGED] * 3, role=Role.LINEAR)]
    assert "The linear baseline has no ranked setting." in notes(summary_of(outcomes))


def test_a_linear_baseline_that_still_trains_has_no_number_yet() -> None:
    linear = runs({"learning_rate": 0.1}, [0.4, 0.4], role=Role.LINEAR, test_accuracy=0.9)
    waiting = runs({"learning_rate": 0.2}, [RunState.QUEUED], role=Role.LINEAR)
    summary = summary_of([*by_rate({0.1: around(0.3)}), *linear, *waiting], constant={"test_accuracy": 0.1})
    assert headline(summary, DIGITS).endswith("; constant 10 %, linear still training.")
    assert summary.to_json(headline="", notes=())["complete"] is False
    assert notes(summary) == notes(summary_of(by_rate({0.1: around(0.3)})))


def test_means_around_zero_are_noted_as_arithmetic() -> None:
    summary = summary_of(by_rate({0.1: [0.0, 0.1, 0.1]}))
    assert notes(summary) == ("Means of validation loss are arithmetic, as not all values are above 0.",)


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.316227766017, 0.177827941004], ["0.32", "0.18"]),
        ([0.125, 0.25], ["0.125", "0.25"]),
        ([0.10123, 0.10234], ["0.101", "0.102"]),
        ([16, 1024, 12345], ["16", "1024", "12345"]),
        ([1e-05, 3.16227766e-05, 1e7], ["1e-5", "3.2e-5", "1e7"]),
        ([0.1, 0.1 + 1e-16], ["0.1", "0.1000000000000001"]),
    ],
)
def test_labels_are_short_and_keep_a_grid_apart(values: list[float], texts: list[str]) -> None:
    assert [labels(values)[value] for value in values] == texts


def test_numbers_lose_their_trailing_zeros_and_no_whole_digits() -> None:
    assert [significant(value) for value in (0, 54.312, 1234.5, 0.1, -0.00025)] == [
        "0",
        "54.3",
        "1234",
        "0.1",
        "-0.00025",
    ]
    assert [percent(share) for share in (0.968, 0.1, 1.0, -0.00001)] == ["96.8", "10", "100", "0"]
