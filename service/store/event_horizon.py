"""How far the events of all sweeps may be read so that none appears further back afterwards.

Events have a key of their own, given out in order. SQLite has one writer at a time, so that they appear in
that order, too. PostgreSQL gives a key out at once and shows its row at the commit: a reader that has seen
key 8 may see key 7 later. There, a transaction locks the table before it is given a key, and keeps that lock
beyond its commit. So once every transaction that held the lock *after* the newest key was looked up has let
go of it, whatever was to be written up to that key is there. Nobody who writes waits, or knows of this.

A place is always the key of an event that is there: what a sequence has given out to transactions that a
crash ends may be given out again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from service.store.schema import Event

# Must stay two statements, in this order: whoever is given a key between them is among the second's.
_NEWEST_KEY = text("SELECT last_value FROM events_id_seq")
_WRITERS = text(
    "SELECT virtualtransaction FROM pg_locks WHERE relation = 'events'::regclass AND granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND mode = 'RowExclusiveLock'"
)


class _Awaited(NamedTuple):
    newest: int  # the key that was the newest
    writers: frozenset[str]  # of those that wrote then, the ones that still do


@dataclass(slots=True)
class Horizon:
    """Looks again and again, from one thread at a time."""

    _place: int | None = None
    _awaited: _Awaited | None = None

    def look(self, session: Session) -> int | None:
        """The place up to which all events are there; None if that isn't known yet. It never goes back."""
        if session.get_bind().dialect.name == "sqlite":
            return self._reach(session.scalar(select(func.max(Event.id))) or 0)
        newest = session.execute(_NEWEST_KEY).scalar_one()
        writers = frozenset(session.scalars(_WRITERS))
        settled = None
        if not writers:
            settled = newest
        elif self._awaited is not None:
            still = self._awaited.writers & writers
            if not still:
                settled = self._awaited.newest
            self._awaited = self._awaited._replace(writers=still)
        if settled is not None or self._awaited is None:
            self._awaited = _Awaited(newest, writers)
        if settled is None:
            return self._place
        return self._reach(session.scalar(select(func.max(Event.id)).where(Event.id <= settled)) or 0)

    def _reach(self, place: int) -> int:
        self._place = max(place, self._place or 0)
        return self._place
