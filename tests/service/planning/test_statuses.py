"""Which state may follow which."""

from __future__ import annotations

import pytest

from service.planning.statuses import (
    FINAL_RUN_STATES,
    RUN_TRANSITIONS,
    Intent,
    RunState,
    SweepState,
    may_become,
    sweep_state,
)


def test_every_state_is_in_the_table_of_transitions() -> None:
    assert set(RUN_TRANSITIONS) == set(RunState)


@pytest.mark.parametrize("state", sorted(FINAL_RUN_STATES))
def test_a_final_state_is_left_only_to_be_queued_again(state: RunState) -> None:
    assert RUN_TRANSITIONS[state] <= {RunState.QUEUED}


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
