"""Stopping rules are the published ones, computed here plainly from whole histories of losses."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.configuration import resolve
from core.early_stopping import (
    Observed,
    Rules,
    Stop,
    Watch,
    generalization_loss,
    needs_validation,
    observe,
    progress,
    validates,
)

losses = st.floats(0.001, 10.0)
histories = st.lists(st.tuples(losses, losses), min_size=1, max_size=40)  # training and validation by epoch
few = st.sampled_from([0.5, 1.0, 2.0, 4.0])  # values that come again, so that ties happen
tied = st.lists(st.tuples(few, few), min_size=1, max_size=40)


def run(
    rules: Rules, history: Sequence[tuple[float, float]], watch: Watch | None = None, start: int = 0
) -> tuple[Watch, Stop | None]:
    """Show a history to the rules until one stops; only ends of strips are validated."""
    watch, stop = watch or Watch(), None
    for epoch, (train, validation) in enumerate(history, start + 1):
        due = epoch % rules.every == 0
        value = validation if due else math.nan
        watch, stop = observe(rules, watch, Observed(epoch, train, 0.0, value, 0.0, due))
        if stop is not None:
            break
    return watch, stop


def first(epochs: Sequence[int]) -> int | None:
    return epochs[0] if epochs else None


@given(history=histories | tied, k=st.integers(1, 5), alpha=st.sampled_from([0.0, 1.0, 20.0, 100.0]))
def test_generalization_loss_stops_where_prechelts_gl_first_exceeds_alpha_at_the_end_of_a_strip(
    history: list[tuple[float, float]], k: int, alpha: float
) -> None:
    ends = range(k, len(history) + 1, k)
    e_va = {t: history[t - 1][1] for t in ends}
    e_opt = {t: min(e_va[s] for s in ends if s <= t) for t in ends}
    expected = first([t for t in ends if 100.0 * (e_va[t] / e_opt[t] - 1.0) > alpha])
    stop = run(Rules(every=k, generalization_loss=alpha), history)[1]
    assert (stop.epoch if stop else None) == expected


@given(history=histories | tied, every=st.integers(1, 6), threshold=st.sampled_from([0.1, 100.0, 1000.0]))
def test_progress_stops_where_prechelts_p_k_first_falls_below_its_threshold(
    history: list[tuple[float, float]], every: int, threshold: float
) -> None:
    k = every if every > 1 else 5  # of a single epoch there is no progress; his own k is 5

    def p_k(t: int) -> float:
        strip = [train for train, _ in history[t - k : t]]
        return 1000.0 * (sum(strip) / (k * min(strip)) - 1.0)

    ends = range(k, len(history) + 1, k)
    stop = run(Rules(every=every, progress=threshold), history)[1]
    assert (stop.epoch if stop else None) == first([t for t in ends if p_k(t) < threshold])


@given(
    history=histories | tied,
    k=st.integers(1, 4),
    patience=st.integers(1, 4),
    min_delta=st.sampled_from([0.0, 0.5, 3.0]),
)
def test_patience_ends_after_so_many_validations_in_a_row_without_an_improvement(
    history: list[tuple[float, float]], k: int, patience: int, min_delta: float
) -> None:
    expected, reference, waited = None, math.inf, 0
    for t in range(k, len(history) + 1, k):
        if history[t - 1][1] < reference - min_delta:
            reference, waited = history[t - 1][1], 0
        else:
            waited += 1
        if waited == patience:
            expected = t
            break
    stop = run(Rules(every=k, patience=patience, min_delta=min_delta), history)[1]
    assert (stop.epoch if stop else None) == expected


@given(history=histories | tied, k=st.integers(1, 4))
def test_the_best_epoch_is_the_first_with_the_lowest_validation_loss(
    history: list[tuple[float, float]], k: int
) -> None:
    validated = {t: history[t - 1][1] for t in range(k, len(history) + 1, k)}
    best = run(Rules(every=k), history)[0].best
    assert (best.epoch if best else None) == min(validated, key=validated.__getitem__, default=None)


@given(history=histories | tied, k=st.integers(1, 4), cut=st.integers(0, 40))
def test_a_state_that_was_written_and_read_goes_on_as_if_nothing_had_happened(
    history: list[tuple[float, float]], k: int, cut: int
) -> None:
    rules = Rules(every=k, patience=5, min_delta=0.1, generalization_loss=90.0, progress=0.5)
    whole = run(rules, history)
    left, stopped = run(rules, history[:cut])
    if stopped is None:
        read = Watch.from_json(json.loads(json.dumps(left.to_json())))
        assert read == left
        assert run(rules, history[cut:], read, cut) == whole or not history[cut:]


def test_a_state_with_numbers_that_are_not_finite_can_be_written() -> None:
    odd = Observed(3, 0.1, -math.inf, 1e-320, math.nan)
    text = json.dumps(Watch(best=odd, waited=2, strip_sum=0.1).to_json(), allow_nan=False)
    read = Watch.from_json(json.loads(text))
    assert repr(read) == repr(Watch(best=odd, waited=2, strip_sum=0.1))


def test_perfect_losses_are_neither_worse_nor_in_motion() -> None:
    assert (generalization_loss(0.0, 0.0), generalization_loss(0.1, 0.0)) == (0.0, math.inf)
    assert (progress(0.0, 0.0, 5), progress(0.1, 0.0, 5)) == (0.0, math.inf)


def test_a_strip_that_is_under_way_decides_nothing() -> None:
    worse = [(1.0, 1.0), (1.0, 1.0), (1.0, 9.0), (1.0, 9.0), (1.0, 9.0)]
    stop = run(Rules(every=2, generalization_loss=5.0), worse)[1]
    assert stop is not None
    assert stop.epoch == 4


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (
            Rules(patience=2, min_delta=0.25),
            "stopped by patience after epoch 3: validation losses were not below 1 by more than 0.25 for 2 "
            "validations (patience 2)",
        ),
        (
            Rules(generalization_loss=5.0),
            "stopped by stop_generalization_loss after epoch 3: a generalization loss of 50 is above 5 "
            "(validation loss 1.2, lowest 0.8 in epoch 2)",
        ),
        (
            Rules(every=3, progress=200.0),
            "stopped by stop_progress after epoch 3: a progress of 166.667 over 3 epochs is below 200",
        ),
    ],
    ids=["patience", "generalization loss", "progress"],
)
def test_a_reason_names_rule_value_threshold_and_epoch(rules: Rules, reason: str) -> None:
    stop = run(rules, [(1.0, 1.0), (1.5, 0.8), (1.0, 1.2)])[1]
    assert stop is not None
    assert stop.reason == reason


def test_the_last_epoch_is_validated_even_within_a_strip() -> None:
    configuration = resolve({"validate_every": 4, "epochs": 10}, task="classification")
    assert [epoch for epoch in range(1, 11) if validates(configuration, epoch)] == [4, 8, 10]
    every = resolve({"epochs": 3}, task="classification")
    assert all(validates(every, epoch) for epoch in (1, 2, 3))


def test_what_looks_at_training_alone_needs_no_validation() -> None:
    values = {"validate_every": 5, "stop_progress": 0.1}
    assert needs_validation(resolve(values, task="regression")) == ()
    values |= {"patience": 3, "stop_generalization_loss": 5.0, "restore_best": True}
    assert needs_validation(resolve(values, task="regression")) == (
        "patience",
        "stop_generalization_loss",
        "restore_best",
    )
