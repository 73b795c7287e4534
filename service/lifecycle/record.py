"""What a worker writes: one short transaction that begins with its fencing token, or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Update, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from service.lifecycle.claim import Claim
from service.lifecycle.last_states import Kept, keep
from service.lifecycle.lease import change_leased, hold
from service.lifecycle.moves import moving_populations
from service.lifecycle.replay import note_replays
from service.lifecycle.story import tell
from service.lifecycle.thin_rows import thin_rows
from service.planning.layer_records import LAYER_ROW, LayerRecords
from service.planning.measurements import COLUMNS, ROW, Measurement, non_finite_code
from service.planning.run_numbers import number_columns
from service.planning.statuses import RUN_STEPS, Cause, PopulationState, RunState, SweepState
from service.store.bulk import insert_rows, update_rows
from service.store.clock import now
from service.store.schema import Checkpoint, LayerRow, LossRow, PopulationRow, Run, Sweep, Weights
from service.store.written_json import as_json


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


@dataclass(frozen=True, slots=True)
class Leader:
    """The run of a population with the best value of the sweep's metric so far."""

    number: int
    value: float
    goal: Literal["minimize", "maximize"]


@dataclass(slots=True)
class Batch:
    """All that happened since the last record."""

    epoch: int = 0
    measurements: list[Measurement] = field(default_factory=list)
    layers: list[LayerRecords] = field(default_factory=list)
    progress: dict[int, Progress] = field(default_factory=dict)  # by run
    endings: list[Ending] = field(default_factory=list)
    checkpoints: dict[int, tuple[int, str, bytes]] = field(default_factory=dict)  # epoch, sha256, content
    last_states: list[Kept] = field(default_factory=list)  # of runs among the endings
    leader: Leader | None = None  # only where it is new


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
    insert_rows(session, LossRow, ROW, [each.as_row() for each in batch.measurements])
    # What is trained again after a lost lease was recorded before: a run never goes back to an earlier epoch.
    ahead = {key: p for key, p in batch.progress.items() if p.latest.epoch >= reached.get(key, 0)}
    running = {run_id for run_id, run in runs.items() if run.state == _BEFORE_THE_END}
    # Rows that overlapped would not be told apart: what is stored reaches exactly as far as the run.
    later = (each.behind(reached[each.run_id]) for each in batch.layers if each.run_id in running)
    insert_rows(session, LayerRow, LAYER_ROW, [each.as_row() for each in later if each])
    ended = [ending for ending in batch.endings if ending.run_id in running]
    moved = Counter((_BEFORE_THE_END, ending.state) for ending in ended)
    _update_runs(session, claim, ahead, ended)
    if ended:
        _keep_weights(session, ended)
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
        if batch.leader:
            _take_the_lead(session, claim.sweep_id, batch.leader)
        stands = reached | {key: p.latest.epoch for key, p in ahead.items()}
        spared = sum(runs[ending.run_id].epochs - stands[ending.run_id] for ending in ended)
        return tell(session, claim.sweep_id, "progress", document, moved=moved, epochs=gone + spared)
    return None


def _take_the_lead(session: Session, sweep_id: int, leader: Leader) -> None:
    named = {"led": sweep_id, "number": leader.number, "value": leader.value}
    session.connection().execute(_LEAD[leader.goal], named)


def _lead(is_behind: ColumnElement[bool]) -> Update:
    better = or_(Sweep.leading_value.is_(None), is_behind)
    return (
        update(Sweep)
        .where(Sweep.id == bindparam("led"), better)
        .values(leading_number=bindparam("number"), leading_value=bindparam("value"))
    )


_LEAD = {
    "minimize": _lead(Sweep.leading_value > bindparam("value")),
    "maximize": _lead(Sweep.leading_value < bindparam("value")),
}


class _Standing(NamedTuple):
    """How a run stood before this record."""

    state: RunState
    epoch: int  # the last one recorded
    epochs: int


def _standing(session: Session, claim: Claim) -> dict[int, _Standing]:
    found = session.connection().execute(_STANDING, {"of_population": claim.population_id})
    return {run_id: _Standing(RunState(state), epoch, epochs) for run_id, state, epoch, epochs in found}


# Made once, like all of this module: building a statement takes longer than running it.
_STANDING = select(Run.id, Run.state, Run.epoch, Run.epochs).where(
    Run.population_id == bindparam("of_population")
)
_END = RUN_STEPS[Cause.END]
(_BEFORE_THE_END,) = _END.before


def _update_runs(
    session: Session, claim: Claim, progress: Mapping[int, Progress], endings: Sequence[Ending]
) -> None:
    """Write what is new of each run at once, and leave alone those that are not running."""
    changes: dict[int, dict[str, Any]] = {run_id: _of_progress(p) for run_id, p in progress.items()}
    for ending in endings:
        changes.setdefault(ending.run_id, {}).update(_of_ending(ending))
    alike: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for run_id, values in changes.items():
        alike.setdefault(tuple(values), []).append((run_id, *values.values()))
    holding = {"population_id": claim.population_id, "state": _BEFORE_THE_END.value}
    for columns, rows in alike.items():
        also = {"finished_at": now()} if "state" in columns else {}
        update_rows(session, Run, columns, rows, where=holding, also=also)


_WORTH = COLUMNS[:4]


def _of_progress(p: Progress) -> dict[str, Any]:
    worth = zip(_WORTH, map(_finite, p.values), strict=True)
    return {
        "epoch": p.latest.epoch,
        "metrics": as_json(dict(p.metrics)),
        "best_epoch": p.best_epoch,
        "train_seconds": p.train_seconds,
        **dict(worth),
        **number_columns(p.metrics),
    }


def _of_ending(ending: Ending) -> dict[str, Any]:
    """What an ending changes of its run.

    Raises:
        ValueError: it leads to a state that ends nothing.
    """
    if ending.state not in _END.after:
        raise ValueError(f"a run ends {sorted(_END.after)}, not {ending.state}")
    return {
        "state": ending.state.value,
        "reason": ending.reason,
        "collapsed": ending.collapsed,
        "diverged_step": ending.diverged_step,
        "diverged_tensor": ending.diverged_tensor,
        "weights_sha256": ending.weights_sha256,
        "test_loss": _finite(ending.test_loss),
        "test_score": _finite(ending.test_score),
        "test_outcomes": ending.test_outcomes,
    }


def _finite(value: float | None) -> float | None:
    return None if non_finite_code(value) else value


def _keep_weights(session: Session, endings: Sequence[Ending]) -> None:
    kept = [
        (ending.run_id, kept.which, kept.epoch, kept.weights_sha256, kept.content)
        for ending in endings
        for kept in ending.weights
    ]
    insert_rows(session, Weights, ("run_id", "which", "epoch", "weights_sha256", "content"), kept)


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
