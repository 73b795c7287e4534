"""All that a database says about its sweeps, read at one moment and in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from service.planning.layer_records import unpack
from service.planning.measurements import decode
from service.planning.statuses import RunState
from service.store.schema import Checkpoint, Event, LayerRow, LossRow, PopulationRow, Run, Sweep, Weights

Loss = tuple[int, tuple[str | None, ...]]  # an epoch and its values, by repr: every bit counts


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run with everything that hangs on it."""

    number: int
    seed: int
    population: int
    state: RunState
    reason: str | None
    epoch: int
    epochs: int
    weights_sha256: str | None
    replay: Mapping[str, Any] | None
    losses: tuple[Loss, ...]
    layers: tuple[tuple[int, bytes], ...]  # epoch, its record
    weights: Mapping[str, str]  # which -> its hash
    checkpoint: tuple[int, int] | None  # epoch, fencing token


@dataclass(frozen=True, slots=True)
class StoredPopulation:
    """A population and its lease."""

    key: int
    public_id: str
    state: str
    lease_owner: str | None
    fencing_token: int
    leases_lost: int


@dataclass(frozen=True, slots=True)
class StoredSweep:
    """A sweep, its story and its runs by number."""

    public_id: str
    submitted: str
    idempotency_key: str | None
    state: str
    counts: Mapping[RunState, int]
    all_count: int
    epochs_done: int
    epochs_total: int
    events: tuple[tuple[int, str, int, Mapping[str, Any]], ...]  # number, kind, time, document
    runs: tuple[StoredRun, ...]
    populations: tuple[StoredPopulation, ...]


def read_history(session: Session) -> Iterator[StoredSweep]:
    """Every sweep, the oldest first, one after the other: a long history does not fit into memory."""
    for key in session.scalars(select(Sweep.id).order_by(Sweep.id)).all():
        yield _read_sweep(session, key)


def _read_sweep(session: Session, key: int) -> StoredSweep:
    sweep = session.scalars(select(Sweep).where(Sweep.id == key).options(undefer(Sweep.submitted))).one()
    events = session.execute(
        select(Event.number, Event.kind, Event.at, Event.document)
        .where(Event.sweep_id == key)
        .order_by(Event.number, Event.id)
    )
    populations = session.execute(
        select(
            PopulationRow.id,
            PopulationRow.public_id,
            PopulationRow.state,
            PopulationRow.lease_owner,
            PopulationRow.fencing_token,
            PopulationRow.leases_lost,
        )
        .where(PopulationRow.sweep_id == key)
        .order_by(PopulationRow.id)
    )
    return StoredSweep(
        sweep.public_id,
        sweep.submitted,
        sweep.idempotency_key,
        sweep.state,
        {state: getattr(sweep, f"{state.value}_count") for state in RunState},
        sweep.all_count,
        sweep.epochs_done,
        sweep.epochs_total,
        tuple((number, kind, at, document) for number, kind, at, document in events),
        tuple(_read_runs(session, key)),
        tuple(StoredPopulation(*row) for row in populations),
    )


def _read_runs(session: Session, sweep: int) -> Iterator[StoredRun]:
    mine = select(Run.id).where(Run.sweep_id == sweep)
    losses: dict[int, list[Loss]] = defaultdict(list)
    rows = select(*LossRow.__table__.columns).where(LossRow.run_id.in_(mine)).order_by(LossRow.epoch)
    for row in session.execute(rows):
        values = tuple(None if value is None else repr(value) for value in decode(row._asdict()))
        losses[row.run_id].append((row.epoch, values))
    layers: dict[int, list[tuple[int, bytes]]] = defaultdict(list)
    packed = select(LayerRow).where(LayerRow.run_id.in_(mine)).order_by(LayerRow.epoch)
    for packet in session.scalars(packed):
        records = unpack(packet.content, packet.layers, packet.item_bytes)
        layers[packet.run_id] += [(int(record["epoch"]), record.tobytes()) for record in records]
    weights: dict[int, dict[str, str]] = defaultdict(dict)
    kept = select(Weights.run_id, Weights.which, Weights.weights_sha256).where(Weights.run_id.in_(mine))
    for run_id, which, digest in session.execute(kept):
        weights[run_id][which] = digest
    saved = select(Checkpoint.run_id, Checkpoint.epoch, Checkpoint.fencing_token)
    checkpoints = {
        run_id: (epoch, token)
        for run_id, epoch, token in session.execute(saved.where(Checkpoint.run_id.in_(mine)))
    }
    for run in session.scalars(select(Run).where(Run.sweep_id == sweep).order_by(Run.number)):
        yield StoredRun(
            run.number,
            run.seed,
            run.population_id,
            RunState(run.state),
            run.reason,
            run.epoch,
            run.epochs,
            run.weights_sha256,
            run.replay,
            tuple(losses[run.id]),
            tuple(layers[run.id]),
            weights[run.id],
            checkpoints.get(run.id),
        )
