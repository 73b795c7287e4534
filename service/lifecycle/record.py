"""What a worker writes: one short transaction that begins with its fencing token, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from service.lifecycle.claim import Claim
from service.lifecycle.lease import change_leased, hold
from service.lifecycle.moves import Moved, move_populations
from service.lifecycle.replay import note_replays
from service.lifecycle.story import tell
from service.planning.measurements import COLUMNS, Measurement, non_finite_code
from service.planning.statuses import RUN_STEPS, Cause, PopulationState, RunState, SweepState
from service.store.clock import now
from service.store.schema import Checkpoint, LossRow, PopulationRow, Run, Weights
from service.store.upsert import insert_ignoring_duplicates


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


def record(session: Session, claim: Claim, batch: Batch, *, lease_seconds: float) -> SweepState | None:
    """Write a batch and renew the lease; the sweep's state, if anything changed in it.

    Raises:
        LeaseLost: the fencing token is no longer the population's; nothing was written.
    """
    hold(session, claim, lease_seconds=lease_seconds, epoch=batch.epoch)
    reached = _epochs_reached(session, claim)
    note_replays(session, claim, batch.measurements, reached)
    insert_ignoring_duplicates(session, LossRow, [m.as_row() for m in batch.measurements])
    # What is trained again after a lost lease was recorded before: a run never goes back to an earlier epoch.
    ahead = {key: p for key, p in batch.progress.items() if p.latest.epoch >= reached.get(key, 0)}
    _update_progress(session, claim, ahead)
    moved, spared = _end_runs(session, claim, batch.endings)
    _replace_checkpoints(session, claim, batch)
    if moved:
        _finish_population(session, claim)
    if batch.progress or moved:
        document = {"population": claim.public_id, "epoch": batch.epoch}
        epochs = sum(p.latest.epoch - reached.get(key, 0) for key, p in ahead.items())
        return tell(session, claim.sweep_id, "progress", document, moved=moved, epochs=epochs + spared)
    return None


def _epochs_reached(session: Session, claim: Claim) -> dict[int, int]:
    """The last epoch recorded of each run."""
    found = session.execute(select(Run.id, Run.epoch).where(Run.population_id == claim.population_id))
    return dict(found.all())


def _update_progress(session: Session, claim: Claim, progress: Mapping[int, Progress]) -> None:
    if not progress:
        return
    names = COLUMNS[:4]
    rows = [
        {
            "run": run_id,
            "epoch": p.latest.epoch,
            "metrics": dict(p.metrics),
            "best_epoch": p.best_epoch,
            "train_seconds": p.train_seconds,
            **{
                name: None if non_finite_code(value) else value
                for name, value in zip(names, p.values, strict=True)
            },
        }
        for run_id, p in progress.items()
    ]
    session.connection().execute(
        update(Run)
        .where(
            Run.id == bindparam("run"),
            Run.population_id == claim.population_id,
            Run.state == RunState.RUNNING,
        )
        .values(
            {name: bindparam(name) for name in ("epoch", "metrics", "best_epoch", "train_seconds", *names)}
        ),
        rows,
    )


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
# Made once: a population may end with hundreds of runs, and building it takes longer than running it.
_END_RUN = (
    update(Run)
    .where(
        Run.id == bindparam("ended_run"),
        Run.population_id == bindparam("of_population"),
        Run.state == _BEFORE_THE_END,
    )
    .values({name: bindparam(name) for name in _ENDING_COLUMNS} | {"finished_at": now()})
    .returning(Run.id)
    .execution_options(synchronize_session=False)
)


def _end_runs(session: Session, claim: Claim, endings: Sequence[Ending]) -> tuple[Moved, int]:
    """End runs; how many by (before, after), and the epochs that none of them will be trained for.

    Raises:
        ValueError: an ending leads to a state that ends nothing.
    """
    moved: Moved = Counter()
    ended: list[int] = []
    for ending in endings:
        if ending.state not in _END.after:
            raise ValueError(f"a run ends {sorted(_END.after)}, not {ending.state}")
        matched = session.execute(
            _END_RUN,
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
            },
        ).one_or_none()
        if matched is not None:
            moved[_BEFORE_THE_END, ending.state] += 1
            ended.append(ending.run_id)
    rows = [
        {
            "run_id": ending.run_id,
            "which": kept.which,
            "epoch": kept.epoch,
            "weights_sha256": kept.weights_sha256,
            "content": kept.content,
        }
        for ending in endings
        for kept in ending.weights
    ]
    insert_ignoring_duplicates(session, Weights, rows)
    return moved, epochs_left(session, ended)


def epochs_left(session: Session, runs: Sequence[int]) -> int:
    """How many epochs lie behind the last recorded ones of these runs."""
    if not runs:
        return 0
    left = select(func.coalesce(func.sum(Run.epochs - Run.epoch), 0)).where(Run.id.in_(runs))
    return int(session.scalars(left).one())


def _replace_checkpoints(session: Session, claim: Claim, batch: Batch) -> None:
    stale = [ending.run_id for ending in batch.endings] + list(batch.checkpoints)
    if stale:
        session.execute(delete(Checkpoint).where(Checkpoint.run_id.in_(stale)))
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
        session.execute(insert(Checkpoint).values(created_at=now()), rows)
        # Whatever it was that ended the leases before, these runs came further: the attempts count anew.
        change_leased(session, claim, leases_lost=0)


def _finish_population(session: Session, claim: Claim) -> None:
    left = session.scalar(
        select(func.count()).where(Run.population_id == claim.population_id, Run.state == RunState.RUNNING)
    )
    if not left:
        move_populations(
            session,
            Cause.END,
            PopulationRow.id == claim.population_id,
            PopulationState.FINISHED,
            finished_at=now(),
            lease_owner=None,
            lease_expires_at=None,
        )
