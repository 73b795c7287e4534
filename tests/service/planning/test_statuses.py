"""Which state may follow which."""

from __future__ import annotations

import pytest

from service.planning.statuses import (
    FINAL_RUN_STATES,
    POPULATION_STEPS,
    RUN_STEPS,
    Cause,
    Intent,
    RunState,
    SweepState,
    epochs_settled,
    may_become,
    sweep_state,
)

OWNERS_CAUSES = {Cause.RETRY, Cause.EXTEND}


def test_every_cause_leads_runs_somewhere_and_every_state_can_be_reached() -> None:
    assert set(RUN_STEPS) == set(Cause)
    reached = {state for step in RUN_STEPS.values() for state in step.after}
    assert reached == set(RunState)


def test_a_population_is_never_taken_up_again() -> None:
    assert not any(cause in POPULATION_STEPS for cause in OWNERS_CAUSES)
    assert not any("finished" in step.before for step in POPULATION_STEPS.values())


@pytest.mark.parametrize("state", sorted(FINAL_RUN_STATES))
def test_a_final_state_is_left_only_to_be_queued_again(state: RunState) -> None:
    leaving = {cause: step.after for cause, step in RUN_STEPS.items() if state in step.before}
    assert set(leaving) <= OWNERS_CAUSES
    assert all(after == {RunState.QUEUED} for after in leaving.values())


@pytest.mark.parametrize("state", RunState)
def test_the_epochs_of_a_run_that_ended_early_count_as_settled(state: RunState) -> None:
    ended = state in {RunState.COMPLETED, RunState.PRUNED, RunState.DIVERGED, RunState.FAILED}
    assert epochs_settled(state, 3, 10) == (10 if ended else 3)


def test_a_diverged_run_stays_diverged() -> None:
    assert not any(may_become(RunState.DIVERGED, state) for state in RunState)


@pytest.mark.parametrize(
    ("counts", "intent", "expected"),
    [
        ({RunState.QUEUED: 3}, Intent.RUN, SweepState.QUEUED),
        ({RunState.QUEUED: 2, RunState.RUNNING: 1}, Intent.RUN, SweepState.RUNNING),
        ({RunState.QUEUED: 2, RunState.COMPLETED: 1}, Intent.RUN, SweepState.RUNNING),
        ({RunState.PAUSED: 2, RunState.COMPLETED: 1}, Intent.PAUSE, SweepState.PAUSED),
        ({RunState.COMPLETED: 2, RunState.DIVERGED: 1, RunState.FAILED: 1}, Intent.RUN, SweepState.COMPLETED),
        ({RunState.FAILED: 3}, Intent.RUN, SweepState.FAILED),
        ({RunState.COMPLETED: 2, RunState.CANCELED: 1}, Intent.CANCEL, SweepState.CANCELED),
    ],
)
def test_a_sweeps_state_follows_from_its_runs_and_its_intent(
    counts: dict[RunState, int], intent: Intent, expected: SweepState
) -> None:
    assert sweep_state(counts, intent) is expected
