"""What a worker writes: one short transaction that begins with its fencing token, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from service.lifecycle.claim import Claim
from service.lifecycle.last_states import Kept, keep
from service.lifecycle.lease import change_leased, hold
from service.lifecycle.moves import Moved, moving_populations
from service.lifecycle.replay import note_replays
from service.lifecycle.story import tell
from service.lifecycle.thin_rows import thin_rows
from service.planning.measurements import COLUMNS, ROW, Measurement, non_finite_code
from service.planning.run_numbers import NUMBER_COLUMNS, number_columns
from service.planning.statuses import RUN_STEPS, Cause, PopulationState, RunState, SweepState
from service.store.clock import now
from service.store.schema import Checkpoint, LossRow, PopulationRow, Run, Weights
from service.store.upsert import insert_numbers_ignoring_duplicates, insert_tuples_ignoring_duplicates


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: its newest measurement and its metrics so far."""

    latest: Measurement
    metrics: Mapping[str, Any]
    best_epoch: int | None
    train_seconds: float
    values: tuple[float | None, ...]  # what the run is worth so far, in the order of the first four COLUMNS


@dataclass(frozen=True, slots=True)
class KeptWeights:
    """A run's weights as they are stored."""

    which: str  # final | best
    epoch: int
    weights_sha256: str
    content: bytes  # safetensors


@dataclass(frozen=True, slots=True)
class Ending:
    """A run that reached a final state, with all that it leaves behind."""

    run_id: int
    state: RunState
    reason: str
    epoch: int
    collapsed: bool = False
    diverged_step: int | None = None
    diverged_tensor: str | None = None
    weights_sha256: str | None = None
    test_loss: float | None = None
    test_score: float | None = None
    test_outcomes: bytes | None = None
    weights: tuple[KeptWeights, ...] = ()


@dataclass(slots=True)
class Batch:
    """All that happened since the last record."""

    epoch: int = 0
    measurements: list[Measurement] = field(default_factory=list)
    progress: dict[int, Progress] = field(default_factory=dict)  # by run
    endings: list[Ending] = field(default_factory=list)
    checkpoints: dict[int, tuple[int, str, bytes]] = field(default_factory=dict)  # epoch, sha256, content
    last_states: list[Kept] = field(default_factory=list)  # of runs among the endings


def record(session: Session, claim: Claim, batch: Batch, *, lease_seconds: float) -> SweepState | None:
    """Write a batch and renew the lease; the sweep's state, if anything changed in it.

    Raises:
        LeaseLost: the fencing token is no longer the population's; nothing was written.
    """
    hold(session, claim, lease_seconds=lease_seconds, epoch=batch.epoch)
    # Behind the lock on the population: nobody else moves its runs before this transaction ends.
    runs = _standing(session, claim)
    reached = {run_id: run.epoch for run_id, run in runs.items()}
    note_replays(session, claim, batch.measurements, reached)
    insert_numbers_ignoring_duplicates(session, LossRow, ROW, [each.as_row() for each in batch.measurements])
    # What is trained again after a lost lease was recorded before: a run never goes back to an earlier epoch.
    ahead = {key: p for key, p in batch.progress.items() if p.latest.epoch >= reached.get(key, 0)}
    _update_progress(session, claim, ahead)
    running = {run_id for run_id, run in runs.items() if run.state == _BEFORE_THE_END}
    ended = [ending for ending in batch.endings if ending.run_id in running]
    moved = _end_runs(session, claim, ended)
    if ended:
        over = {ending.run_id for ending in ended}
        keep(session, [each for each in batch.last_states if each.run_id in over])
        # One population, one number of epochs.
        thin_rows(session, sorted(over), next(iter(runs.values())).epochs, keep_last=True)
    _replace_checkpoints(session, claim, batch)
    if ended and len(ended) == len(running):
        _finish_population(session, claim)
    if batch.progress or moved:
        document = {"population": claim.public_id, "epoch": batch.epoch}
        gone = sum(p.latest.epoch - reached.get(key, 0) for key, p in ahead.items())
        stands = reached | {key: p.latest.epoch for key, p in ahead.items()}
        spared = sum(runs[ending.run_id].epochs - stands[ending.run_id] for ending in ended)
        return tell(session, claim.sweep_id, "progress", document, moved=moved, epochs=gone + spared)
    return None


class _Standing(NamedTuple):
    """How a run stood before this record."""

    state: RunState
    epoch: int  # the last one recorded
    epochs: int


def _standing(session: Session, claim: Claim) -> dict[int, _Standing]:
    found = session.connection().execute(_STANDING, {"of_population": claim.population_id})
    return {run_id: _Standing(RunState(state), epoch, epochs) for run_id, state, epoch, epochs in found}


_WORTH = COLUMNS[:4]
_PROGRESS_COLUMNS = ("epoch", "metrics", "best_epoch", "train_seconds", *_WORTH, *NUMBER_COLUMNS)
# Made once, like all of this module: building a statement takes longer than running it.
_STANDING = select(Run.id, Run.state, Run.epoch, Run.epochs).where(
    Run.population_id == bindparam("of_population")
)
_PROGRESS_RUN = (
    update(Run)
    .where(
        Run.id == bindparam("run"),
        Run.population_id == bindparam("of_population"),
        Run.state == RunState.RUNNING,
    )
    .values({name: bindparam(name) for name in _PROGRESS_COLUMNS})
)


def _update_progress(session: Session, claim: Claim, progress: Mapping[int, Progress]) -> None:
    if not progress:
        return
    rows = [
        {
            "run": run_id,
            "of_population": claim.population_id,
            "epoch": p.latest.epoch,
            "metrics": dict(p.metrics),
            "best_epoch": p.best_epoch,
            "train_seconds": p.train_seconds,
            **{
                name: None if non_finite_code(value) else value
                for name, value in zip(_WORTH, p.values, strict=True)
            },
            **number_columns(p.metrics),
        }
        for run_id, p in progress.items()
    ]
    session.connection().execute(_PROGRESS_RUN, rows)


_ENDING_COLUMNS = (
    "state",
    "reason",
    "collapsed",
    "diverged_step",
    "diverged_tensor",
    "weights_sha256",
    "test_loss",
    "test_score",
    "test_outcomes",
)
_END = RUN_STEPS[Cause.END]
(_BEFORE_THE_END,) = _END.before
_END_RUN = (
    update(Run)
    .where(
        Run.id == bindparam("ended_run"),
        Run.population_id == bindparam("of_population"),
        Run.state == _BEFORE_THE_END,
    )
    .values({name: bindparam(name) for name in _ENDING_COLUMNS} | {"finished_at": now()})
)


def _end_runs(session: Session, claim: Claim, endings: Sequence[Ending]) -> Moved:
    """End runs, all of which are running; how many by (before, after).

    Raises:
        ValueError: an ending leads to a state that ends nothing.
    """
    if not endings:
        return Counter()
    for ending in endings:
        if ending.state not in _END.after:
            raise ValueError(f"a run ends {sorted(_END.after)}, not {ending.state}")
    rows = [
        {
            "ended_run": ending.run_id,
            "of_population": claim.population_id,
            "state": ending.state,
            "reason": ending.reason,
            "collapsed": ending.collapsed,
            "diverged_step": ending.diverged_step,
            "diverged_tensor": ending.diverged_tensor,
            "weights_sha256": ending.weights_sha256,
            "test_loss": None if non_finite_code(ending.test_loss) else ending.test_loss,
            "test_score": None if non_finite_code(ending.test_score) else ending.test_score,
            "test_outcomes": ending.test_outcomes,
        }
        for ending in endings
    ]
    session.connection().execute(_END_RUN, rows)
    kept = [
        (ending.run_id, kept.which, kept.epoch, kept.weights_sha256, kept.content)
        for ending in endings
        for kept in ending.weights
    ]
    columns = ("run_id", "which", "epoch", "weights_sha256", "content")
    insert_tuples_ignoring_duplicates(session, Weights, columns, kept)
    return Counter((_BEFORE_THE_END, ending.state) for ending in endings)


def epochs_left(session: Session, runs: Sequence[int]) -> int:
    """How many epochs lie behind the last recorded ones of these runs."""
    if not runs:
        return 0
    left = select(func.coalesce(func.sum(Run.epochs - Run.epoch), 0)).where(Run.id.in_(runs))
    return int(session.scalars(left).one())


def _replace_checkpoints(session: Session, claim: Claim, batch: Batch) -> None:
    stale = [ending.run_id for ending in batch.endings] + list(batch.checkpoints)
    connection = session.connection()
    if stale:
        connection.execute(_DELETE_CHECKPOINTS, {"stale": stale})
    rows = [
        {
            "run_id": run_id,
            "epoch": epoch,
            "sha256": sha256,
            "content": content,
            "fencing_token": claim.fencing_token,
        }
        for run_id, (epoch, sha256, content) in batch.checkpoints.items()
    ]
    if rows:
        connection.execute(_INSERT_CHECKPOINT, rows)
        # Whatever it was that ended the leases before, these runs came further: the attempts count anew.
        change_leased(session, claim, leases_lost=0)


_DELETE_CHECKPOINTS = delete(Checkpoint).where(Checkpoint.run_id.in_(bindparam("stale", expanding=True)))
_INSERT_CHECKPOINT = insert(Checkpoint).values(
    {name: bindparam(name) for name in ("run_id", "epoch", "sha256", "content", "fencing_token")}
    | {"created_at": now()}
)


def _finish_population(session: Session, claim: Claim) -> None:
    session.connection().execute(_FINISH_POPULATION, {"finished": claim.population_id})


_FINISH_POPULATION = moving_populations(
    Cause.END,
    PopulationRow.id == bindparam("finished"),
    PopulationState.FINISHED,
    finished_at=now(),
    lease_owner=None,
    lease_expires_at=None,
)
