"""Workers make themselves known, so that people and planning can see who is alive."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from service.store.clock import now
from service.store.schema import Environment, Worker
from service.store.upsert import insert_ignoring_duplicates

ALIVE_SECONDS = 30.0  # a worker that was not seen for longer counts as lost


def environment_hash(document: Mapping[str, Any]) -> str:
    """The SHA-256 of an environment class, written as canonical JSON."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def register_worker(
    session: Session, *, name: str, host: str, process_id: int, environment: Mapping[str, Any]
) -> str:
    """Write a worker and its environment class down; the class's hash."""
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
            }
        ],
    )
    _set(
        session,
        name,
        host=host,
        process_id=process_id,
        environment_class=digest,
        last_seen_at=moment,
        stopped_at=None,
    )
    return digest


def saw_worker(session: Session, name: str) -> None:
    """Note that a worker's main process is alive."""
    _set(session, name, last_seen_at=now())


def worker_turned_to(session: Session, name: str, population_id: int | None) -> None:
    """Note which population a worker trains now, or that it is idle."""
    _set(session, name, population_id=population_id, last_seen_at=now())


def worker_stopped(session: Session, name: str) -> None:
    """Note that a worker went home in good order."""
    _set(session, name, stopped_at=now(), population_id=None)


def live_workers(session: Session) -> int:
    """How many workers were seen lately."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Worker)
            .where(Worker.stopped_at.is_(None), Worker.last_seen_at >= now() - round(ALIVE_SECONDS * 1000))
        )
        or 0
    )


def _set(session: Session, name: str, **values: Any) -> None:
    session.execute(update(Worker).where(Worker.name == name).values(**values))
