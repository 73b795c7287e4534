"""What finished runs would go on from is kept while there is room, and handed to those that do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.orm import Session

from service.store.clock import now
from service.store.database import Database
from service.store.schema import Checkpoint, LastState, Weights
from service.store.upsert import insert_ignoring_duplicates

AT_ONCE = 1_000  # states that are let go of in one statement


@dataclass(frozen=True, slots=True)
class Kept:
    """The last state of a run that reached its last epoch."""

    run_id: int
    epoch: int
    sha256: str
    content: bytes
    metrics: Mapping[str, Any]  # before what only an end adds


def keep(session: Session, states: Sequence[Kept]) -> None:
    """Write the last states of runs that end in this transaction."""
    if not states:
        return
    kept_at = session.scalars(select(now())).one()
    rows = [
        {
            "run_id": each.run_id,
            "epoch": each.epoch,
            "sha256": each.sha256,
            "content": each.content,
            "size": len(each.content),
            "metrics": dict(each.metrics),
            "kept_at": kept_at,
        }
        for each in states
    ]
    insert_ignoring_duplicates(session, LastState, rows)


def let_the_oldest_go(database: Database, most_bytes: int) -> int:
    """Let go of states, those kept longest first, until all are within the bound; how many went."""
    size = select(func.coalesce(func.sum(LastState.size), 0))
    oldest = select(LastState.run_id, LastState.size).order_by(LastState.kept_at, LastState.run_id)
    gone = 0
    while True:
        with database.read() as session:
            excess = int(session.scalars(size).one()) - most_bytes
            if excess <= 0:
                return gone
            found = session.execute(oldest.limit(AT_ONCE)).all()
        chosen = [run_id for run_id, _ in _until(found, excess)]
        with database.write() as session:
            session.execute(delete(LastState).where(LastState.run_id.in_(chosen)))
        gone += len(chosen)


def _until(found: Sequence[Any], excess: int) -> Iterator[tuple[int, int]]:
    for run_id, size in found:
        yield run_id, size
        excess -= size
        if excess <= 0:
            return


def become_checkpoints(session: Session, runs: Sequence[int]) -> None:
    """Make runs' last states, or final weights where those are all, what their next claims go on from.

    Weights stay safetensors: a worker, which has the run's rows, makes a checkpoint of them.
    """
    columns = ("run_id", "epoch", "sha256", "content", "fencing_token", "created_at")
    kept = select(LastState.run_id).where(LastState.run_id.in_(runs))
    weights = select(
        Weights.run_id, Weights.epoch, Weights.weights_sha256, Weights.content, literal(0), now()
    ).where(Weights.run_id.in_(runs), Weights.which == "final", Weights.run_id.not_in(kept))
    states = select(
        LastState.run_id, LastState.epoch, LastState.sha256, LastState.content, literal(0), now()
    ).where(LastState.run_id.in_(runs))
    for rows in (weights, states):
        session.execute(insert(Checkpoint).from_select(columns, rows))
