"""One table says which state may follow which, for runs, populations and sweeps."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class RunState(StrEnum):
    """Where one training stands; the last five are final."""

    QUEUED = "queued"  # waits for a worker to claim its population
    RUNNING = "running"  # a worker with a live lease trains it
    PAUSED = "paused"  # held back by its sweep's intent, continues from its checkpoint
    COMPLETED = "completed"  # reached its last epoch, or its own stopping rule
    PRUNED = "pruned"  # stopped by comparison with other runs
    DIVERGED = "diverged"  # a value became non-finite, or the loss ran away
    FAILED = "failed"  # an error that is not the mathematics' own
    CANCELED = "canceled"  # stopped by a person

    @property
    def is_final(self) -> bool:
        """Whether only `:retry` or `:extend` may leave this state."""
        return self in FINAL_RUN_STATES


FINAL_RUN_STATES = frozenset(
    {RunState.COMPLETED, RunState.PRUNED, RunState.DIVERGED, RunState.FAILED, RunState.CANCELED}
)

RUN_TRANSITIONS: Mapping[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.PAUSED, RunState.FAILED, RunState.CANCELED}),
    # Back to queued: a lease expired, or a worker handed its population back.
    RunState.RUNNING: frozenset(
        {
            RunState.QUEUED,
            RunState.PAUSED,
            RunState.COMPLETED,
            RunState.PRUNED,
            RunState.DIVERGED,
            RunState.FAILED,
            RunState.CANCELED,
        }
    ),
    RunState.PAUSED: frozenset({RunState.QUEUED, RunState.CANCELED}),
    RunState.COMPLETED: frozenset({RunState.QUEUED}),  # :extend
    RunState.PRUNED: frozenset({RunState.QUEUED}),  # :extend
    RunState.DIVERGED: frozenset(),
    RunState.FAILED: frozenset({RunState.QUEUED}),  # :retry
    RunState.CANCELED: frozenset({RunState.QUEUED}),  # :retry
}


class PopulationState(StrEnum):
    """Where the unit that workers claim stands."""

    QUEUED = "queued"  # may be claimed
    RUNNING = "running"  # leased to a worker
    PAUSED = "paused"  # held back by its sweep's intent
    FINISHED = "finished"  # every run in it is final, or has moved to another population


class SweepState(StrEnum):
    """Where a submitted job stands, derived from its runs and its intent."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELED = "canceled"
    FAILED = "failed"  # only if every run failed

    @property
    def is_final(self) -> bool:
        """Whether no run of the sweep waits or trains."""
        return self in {SweepState.COMPLETED, SweepState.CANCELED, SweepState.FAILED}


class Intent(StrEnum):
    """What the owner wants of a sweep; workers see it at their next record."""

    RUN = "run"
    PAUSE = "pause"
    CANCEL = "cancel"


class Role(StrEnum):
    """Why a run exists: as a point of the search, or as a baseline of the headline."""

    SEARCH = "search"
    LINEAR = "linear"  # a network without hidden layers, trained in the same way


def may_become(before: RunState, after: RunState) -> bool:
    """Whether a run in `before` may enter `after`."""
    return after in RUN_TRANSITIONS[before]


def sweep_state(counts: Mapping[RunState, int], intent: Intent) -> SweepState:
    """The state of a sweep with `counts` runs in each state (baselines included)."""
    total = sum(counts.values())
    final = sum(counts.get(state, 0) for state in FINAL_RUN_STATES)
    if final == total:
        if counts.get(RunState.FAILED, 0) == total:
            return SweepState.FAILED
        return SweepState.CANCELED if counts.get(RunState.CANCELED, 0) else SweepState.COMPLETED
    if counts.get(RunState.RUNNING, 0):
        return SweepState.RUNNING
    if intent is Intent.PAUSE:
        return SweepState.PAUSED
    return SweepState.RUNNING if final else SweepState.QUEUED
