"""One table says what may happen to a run or a population, and which state may follow which by it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

State = TypeVar("State", bound=StrEnum)


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


class Cause(StrEnum):
    """What can happen to runs and populations."""

    CLAIM = "claim"  # a worker takes the population
    END = "end"  # a training is over, by its own rule or by an error
    RELEASE = "release"  # the lease is gone: handed back, or expired
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RETRY = "retry"  # the run goes on, or begins again, in a new population
    EXTEND = "extend"  # the run is trained for more epochs, in a new population


class Step(NamedTuple, Generic[State]):
    """From which states something leads, and to which."""

    before: frozenset[State]
    after: frozenset[State]


def _step(before: set[State], after: set[State]) -> Step[State]:
    return Step(frozenset(before), frozenset(after))


_UNFINISHED = {RunState.QUEUED, RunState.RUNNING, RunState.PAUSED}
_ENDS = {RunState.COMPLETED, RunState.PRUNED, RunState.DIVERGED, RunState.FAILED}

RUN_STEPS: Mapping[Cause, Step[RunState]] = {
    Cause.CLAIM: _step({RunState.QUEUED}, {RunState.RUNNING}),
    Cause.END: _step({RunState.RUNNING}, _ENDS),
    # Paused where its sweep is to be; failed once its workers were lost too often.
    Cause.RELEASE: _step({RunState.RUNNING}, {RunState.QUEUED, RunState.PAUSED, RunState.FAILED}),
    Cause.PAUSE: _step({RunState.QUEUED}, {RunState.PAUSED}),
    Cause.RESUME: _step({RunState.PAUSED}, {RunState.QUEUED}),
    Cause.CANCEL: _step(_UNFINISHED, {RunState.CANCELED}),
    Cause.RETRY: _step({RunState.FAILED, RunState.CANCELED}, {RunState.QUEUED}),
    Cause.EXTEND: _step({RunState.COMPLETED}, {RunState.QUEUED}),
}

# A population is never taken up again: `:retry` and `:extend` make new ones.
POPULATION_STEPS: Mapping[Cause, Step[PopulationState]] = {
    Cause.CLAIM: _step({PopulationState.QUEUED}, {PopulationState.RUNNING}),
    Cause.END: _step({PopulationState.RUNNING}, {PopulationState.FINISHED}),
    Cause.RELEASE: _step(
        {PopulationState.RUNNING}, {PopulationState.QUEUED, PopulationState.PAUSED, PopulationState.FINISHED}
    ),
    Cause.PAUSE: _step({PopulationState.QUEUED}, {PopulationState.PAUSED}),
    Cause.RESUME: _step({PopulationState.PAUSED}, {PopulationState.QUEUED}),
    Cause.CANCEL: _step(
        {PopulationState.QUEUED, PopulationState.RUNNING, PopulationState.PAUSED}, {PopulationState.FINISHED}
    ),
}

# Which sweeps can be asked for it: seeds and values can be added at any time, so that `:extend` is not here.
SWEEP_ALLOWS: Mapping[Cause, frozenset[SweepState]] = {
    Cause.PAUSE: frozenset({SweepState.QUEUED, SweepState.RUNNING, SweepState.PAUSED}),
    Cause.RESUME: frozenset({SweepState.QUEUED, SweepState.RUNNING, SweepState.PAUSED}),
    Cause.CANCEL: frozenset({SweepState.QUEUED, SweepState.RUNNING, SweepState.PAUSED}),
}


def may_become(before: RunState, after: RunState) -> bool:
    """Whether a run in `before` may enter `after`."""
    return any(before in step.before and after in step.after for step in RUN_STEPS.values())


def held_back(intent: Intent) -> bool:
    """Whether what could be claimed is to wait until its sweep is resumed."""
    return intent is Intent.PAUSE


def epochs_settled(state: RunState, epoch: int, epochs: int) -> int:
    """How many of a run's epochs are trained, or will not be: the run ended before them.

    A canceled run counts those that it trained, for the others can still be asked for.
    """
    return epochs if state.is_final and state is not RunState.CANCELED else epoch


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
