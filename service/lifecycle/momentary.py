"""What was read of a database a moment ago, for readers whom a second makes no difference."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Engine

from service.store.database import Database

Value = TypeVar("Value")

KNOWN_SECONDS = 1.0
MOST = 1_000  # values of one database


class Momentary(Generic[Value]):
    """Values by database and key, each read anew after a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # By engine: a request has a `Database` of its own, which notes what the request does.
        self._known: WeakKeyDictionary[Engine, dict[Hashable, tuple[float, Value]]] = WeakKeyDictionary()
        self._lock = Lock()

    def get(self, database: Database, key: Hashable, read: Callable[[], Value]) -> Value:
        """The value, as it was at most a second ago."""
        with self._lock:
            known = self._known.setdefault(database.engine, {}).get(key)
        if known is not None and self._clock() < known[0]:
            return known[1]
        value = read()
        with self._lock:
            of_database = self._known.setdefault(database.engine, {})
            if len(of_database) >= MOST:
                of_database.clear()
            of_database[key] = (self._clock() + KNOWN_SECONDS, value)
        return value

    def last(self, database: Database, key: Hashable) -> Value | None:
        """The value as it was read the last time, however long ago, if it was."""
        with self._lock:
            known = self._known.get(database.engine, {}).get(key)
        return None if known is None else known[1]

    def forget(self, database: Database) -> None:
        """Have everything of a database read anew."""
        with self._lock:
            self._known.pop(database.engine, None)
