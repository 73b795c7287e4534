"""Workers make themselves known, so that people and planning can see who is alive."""

from __future__ import annotations

import hashlib
import json
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, select, update
from sqlalchemy.orm import Session

from service.store.clock import now
from service.store.schema import Environment, Worker
from service.store.upsert import insert_ignoring_duplicates
from service.store.worker_queries import WorkerView, holds_a_lease

ALIVE_SECONDS = 30.0  # a worker that was not seen for longer counts as silent
FORGOTTEN_SECONDS = 86_400
# Set by whoever starts a worker again and again, for it to write down; not set by people.
RESTARTS_VARIABLE = "BACKSWEEP_WORKER_RESTARTS"


class WorkerState(StrEnum):
    """What is known of a worker, by the database's clock."""

    IDLE = "idle"
    TRAINING = "training"  # it holds a lease that has not expired
    SILENT = "silent"  # neither seen nor stopped
    STOPPED = "stopped"  # it said goodbye


def worker_name(name: str) -> str:
    """The name of a worker of this machine: two machines may both have a first one."""
    return f"{name}@{platform.node()}"


def state_of(view: WorkerView) -> tuple[WorkerState, int]:
    """A worker's state and the moment from which it has been in it (milliseconds of the database's clock)."""
    worker = view.worker
    if worker.stopped_at is not None:
        return WorkerState.STOPPED, worker.stopped_at
    if view.trains:
        return WorkerState.TRAINING, worker.turned_at
    if view.read_at - worker.last_seen_at > ALIVE_SECONDS * 1000:
        return WorkerState.SILENT, worker.last_seen_at
    return WorkerState.IDLE, worker.turned_at


def environment_hash(document: Mapping[str, Any]) -> str:
    """The SHA-256 of an environment class, written as canonical JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def register_worker(
    session: Session,
    *,
    name: str,
    host: str,
    process_id: int,
    environment: Mapping[str, Any],
    restarts: int = 0,
) -> str:
    """Write a worker and its environment class down, as idle from now on; the class's hash.

    `restarts` is how often it was started again by what watches over it.
    """
    digest = environment_hash(environment)
    insert_ignoring_duplicates(session, Environment, [{"hash": digest, "document": dict(environment)}])
    moment = now()
    insert_ignoring_duplicates(
        session,
        Worker,
        [
            {
                "name": name,
                "host": host,
                "process_id": process_id,
                "started_at": moment,
                "last_seen_at": moment,
                "turned_at": moment,
            }
        ],
    )
    _set(
        session,
        name,
        host=host,
        process_id=process_id,
        environment_class=digest,
        restarts=restarts,
        started_at=case((Worker.process_id == process_id, Worker.started_at), else_=moment),
        last_seen_at=moment,
        turned_at=moment,
        stopped_at=None,
    )
    return digest


def saw_worker(session: Session, name: str) -> None:
    """Note that a worker's main process is alive."""
    _set(session, name, last_seen_at=now())


def worker_turned_to(session: Session, name: str, population_id: int | None) -> None:
    """Note which population a worker trains now, or that it is idle."""
    statement = _TURN_AWAY if population_id is None else _TURN
    session.connection().execute(statement, {"worker": name, "to": population_id})


# Made once: building a statement takes longer than running it.
_TURN = (
    update(Worker)
    .where(Worker.name == bindparam("worker"))
    .values(population_id=bindparam("to"), turned_at=now(), last_seen_at=now())
)
_TURN_AWAY = _TURN.where(Worker.population_id.is_not(None))  # who was idle is so since then


def worker_stopped(session: Session, name: str) -> None:
    """Note that a worker went home in good order."""
    _set(session, name, stopped_at=now(), population_id=None)


def worker_lost_leases(session: Session, leases: Mapping[str, int]) -> None:
    """Count leases that workers have lost, by their names; call it last: it locks their rows in order."""
    for name, count in sorted(leases.items()):
        _set(session, name, leases_lost=Worker.leases_lost + count)


def worker_handed_back(session: Session, name: str) -> None:
    """Count a population that a worker handed back in good order."""
    _set(session, name, handed_back=Worker.handed_back + 1)


def count_workers(session: Session) -> Mapping[WorkerState, int]:
    """How many workers are in each state; one that has been silent for a day counts no more."""
    since = now() - FORGOTTEN_SECONDS * 1000
    recent = select(Worker, holds_a_lease(), now()).where(Worker.last_seen_at >= since)
    views = [WorkerView(worker, None, trains, at) for worker, trains, at in session.execute(recent)]
    return Counter(state_of(view)[0] for view in views)


def live_workers(session: Session) -> int:
    """How many workers were seen lately."""
    return session.scalar(select(func.count()).select_from(Worker).where(*_seen_lately())) or 0


def first_worker(session: Session) -> str | None:
    """The name of the live worker that does what one of them has to do for all."""
    return session.scalar(select(func.min(Worker.name)).where(*_seen_lately()))


def _seen_lately() -> Sequence[ColumnElement[bool]]:
    return Worker.stopped_at.is_(None), Worker.last_seen_at >= now() - round(ALIVE_SECONDS * 1000)


def _set(session: Session, name: str, **values: Any) -> None:
    session.execute(update(Worker).where(Worker.name == name).values(**values))
