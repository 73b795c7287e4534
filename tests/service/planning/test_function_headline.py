"""What is said of a sweep over a function: who arrived, who did not, and how; and never how sure that is."""

from __future__ import annotations

import re
from collections.abc import Sequence

from service.planning.headline import headline, notes
from service.planning.headline_words import Context
from service.planning.statuses import RunState
from service.planning.summary import Summary, summarize
from tests.service.planning.run_outcomes import RunOutcome, table_of

CONTEXT = Context(epochs=100, optimizer="sgd")


def outcome(number: int, rate: float, value: float, *, converged: bool = True, turns: int = 0) -> RunOutcome:
    return RunOutcome(
        number=number,
        setting={"learning_rate": rate},
        configuration_hash=f"{number}",
        seed=0,
        state=RunState.COMPLETED,
        converged=converged,
        turns=turns,
        metrics={"train_loss": value},
    )


def ended(number: int, rate: float, state: RunState) -> RunOutcome:
    setting = {"learning_rate": rate}
    return RunOutcome(number=number, setting=setting, configuration_hash=f"{number}", seed=0, state=state)


def of(outcomes: Sequence[RunOutcome]) -> Summary:
    return summarize(
        table_of(outcomes),
        group_by=("learning_rate",),
        metric="train_loss",
        goal="minimize",
        task="function",
        resampled=False,
        train_count=0,
        validation_count=0,
        test_count=0,
        constant={},
    )


# A slow rate, three that arrive, one that bounces lower than all of them, and one that is lost.
SWEEP = [
    outcome(1, 0.01, 0.5, converged=False),
    outcome(2, 0.1, 1e-4),
    outcome(3, 0.2, 1e-6, turns=40),
    outcome(4, 0.3, 1e-5, turns=90),
    outcome(5, 0.4, -7.0, converged=False, turns=97),
    ended(6, 0.6, RunState.DIVERGED),
]


def test_the_sentence_names_those_that_arrived_and_counts_the_others() -> None:
    assert headline(of(SWEEP), CONTEXT) == (
        "3 of 6 rates converged at 100 epochs (sgd), 0.1 to 0.3; 0.2 ends lowest, with the value 1e-6; "
        "2 runs did not converge, 1 diverged; one run each: nothing is random, so there is no interval."
    )


def test_however_low_its_value_a_run_that_has_not_converged_is_not_best() -> None:
    summary = of(SWEEP)
    assert summary.best is not None
    assert summary.best.setting == {"learning_rate": 0.2}
    lowest = summary.settings[4]
    assert lowest.metrics["train_loss"].mean == -7.0
    assert (lowest.eligible, lowest.best, lowest.unconverged, lowest.completed) == (False, False, 1, 1)


def test_where_nothing_converged_nothing_is_best() -> None:
    summary = of([SWEEP[0], SWEEP[4], SWEEP[5]])
    assert summary.best is None
    assert headline(summary, CONTEXT).startswith(
        "None of 3 rates converged at 100 epochs (sgd); 2 runs did not"
    )


def test_no_interval_and_no_set_of_the_best_is_claimed() -> None:
    summary = of(SWEEP)
    assert summary.best_set == ()
    assert all(
        one.metrics["train_loss"].low is None for one in summary.settings if one.metrics["train_loss"].n
    )
    told = " ".join([headline(summary, CONTEXT), *notes(summary)])
    assert not re.search(r"95|seed|too few|geometric|survivors|constant|baseline", told)


def test_the_notes_tell_the_slow_from_those_that_bounce() -> None:
    slow, bouncing = notes(of(SWEEP))[-2:]
    assert slow.startswith("1 of these never turned around: more epochs or a larger rate")
    assert bouncing.startswith("1 of these turned around on the way")


def test_while_runs_are_missing_the_sentence_says_so() -> None:
    partial = of([*SWEEP[1:3], ended(3, 0.3, RunState.RUNNING)])
    assert headline(partial, CONTEXT).startswith("So far, with 2 of 3 runs finished, 2 of 3 rates converged")
    assert notes(partial) == ("Partial: 2 of 3 runs finished.",)
    nothing = of([ended(1, 0.1, RunState.QUEUED)])
    assert headline(nothing, CONTEXT) == "No answer yet: 0 of 1 run finished."


def test_several_parameters_are_named_with_the_best() -> None:
    outcomes = [
        RunOutcome(
            number=number,
            setting={"learning_rate": rate, "optimizer": optimizer},
            configuration_hash=f"{number}",
            seed=0,
            state=RunState.COMPLETED,
            converged=rate < 0.5,
            turns=3,
            metrics={"train_loss": rate},
        )
        for number, (rate, optimizer) in enumerate([(0.1, "sgd"), (0.1, "adam"), (0.9, "sgd")], start=1)
    ]
    summary = summarize(
        table_of(outcomes),
        group_by=("learning_rate", "optimizer"),
        metric="train_loss",
        goal="minimize",
        task="function",
        resampled=False,
        train_count=0,
        validation_count=0,
        test_count=0,
        constant={},
    )
    sentence = headline(summary, Context(epochs=100))
    assert sentence.startswith(
        "2 of 3 settings converged at 100 epochs; learning rate 0.1, optimizer sgd ends lowest"
    )
