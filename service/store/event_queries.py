"""Reading a sweep's story: behind a number for one reader, or of many sweeps at once for the live stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, column, func, select, text, values
from sqlalchemy.orm import Session

from service.errors import NotFound
from service.planning.statuses import SweepState
from service.store.schema import Event, Sweep


@dataclass(frozen=True, slots=True)
class Told:
    """How far a sweep's story has been told."""

    key: int
    number: int  # of the last event
    state: SweepState


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One event, with the key of its sweep."""

    sweep: int
    number: int
    at: int
    kind: str
    document: Mapping[str, Any]


def find_told(session: Session, owner_id: int, public_id: str) -> Told:
    """How far an owner's sweep is told.

    Raises:
        NotFound: the owner has no such sweep.
    """
    row = session.execute(
        select(Sweep.id, Sweep.event_count, Sweep.state).where(
            Sweep.public_id == public_id, Sweep.owner_id == owner_id
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"there is no sweep {public_id}")
    return Told(row.id, row.event_count, SweepState(row.state))


def events_behind(session: Session, numbers: Mapping[int, int], *, limit: int) -> Sequence[StoredEvent]:
    """At most `limit` events of the sweeps that `numbers` names by key, each behind the number given there.

    They come sweep by sweep in the order of their numbers, in one query. A sweep's events are numbered under
    its lock, so that no lower number appears once a higher one has been read.
    """
    if not numbers:
        return ()
    wanted = (
        values(column("sweep_id", BigInteger), column("number", BigInteger), name="given")
        .data(list(numbers.items()))
        .cte("wanted")
    )
    statement = (
        select(Event.sweep_id, Event.number, Event.at, Event.kind, Event.document)
        .join(wanted, (Event.sweep_id == wanted.c.sweep_id) & (Event.number > wanted.c.number))
        .order_by(Event.sweep_id, Event.number)
        .limit(limit)
    )
    return [StoredEvent(*row) for row in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class OwnersEvent:
    """One event among those of all sweeps of its owner: its key is its place there."""

    key: int
    owner: int
    sweep: str  # its public id
    number: int
    at: int
    kind: str
    document: Mapping[str, Any]


def events_between(
    session: Session, owners: Iterable[int], after: int, upto: int, *, limit: int
) -> Sequence[OwnersEvent]:
    """At most `limit` events of all sweeps of these owners in order, behind one key and up to another."""
    statement = (
        select(Event.id, Sweep.owner_id, Sweep.public_id, Event.number, Event.at, Event.kind, Event.document)
        .join(Sweep, Sweep.id == Event.sweep_id)
        .where(Event.id > after, Event.id <= upto, Sweep.owner_id.in_(list(owners)))
        .order_by(Event.id)
        .limit(limit)
    )
    return [OwnersEvent(*row) for row in session.execute(statement)]


def newest_event(session: Session) -> int:
    """The largest key that an event was given so far, whoever's it is, 0 if there is none."""
    if session.get_bind().dialect.name == "sqlite":
        return session.scalar(select(func.max(Event.id))) or 0
    return int(session.execute(text("SELECT last_value FROM events_id_seq")).scalar_one())


def sweeps_there(session: Session, keys: Iterable[int]) -> frozenset[int]:
    """Those of `keys` that are still a sweep's."""
    return frozenset(session.scalars(select(Sweep.id).where(Sweep.id.in_(list(keys)))))
