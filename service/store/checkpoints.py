"""SQLite's log of committed pages is copied into the file by a thread, and not by whoever commits.

By itself SQLite does that in the commit that made the log a thousand pages long. Such a commit waits for the
disk twice and takes ten times as long as others; of hundreds of small writes in a second each tenth did. A
thread copies while they go on. What it cannot do is to begin the log anew, as there is always a page that was
added meanwhile; the commit that does finds next to nothing left to copy.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from threading import Event, Thread
from time import monotonic
from typing import Any

import sqlalchemy
from sqlalchemy import event

from service.store.database import Database

COMMITS = 2  # from one time to the next, at least: one now and then is not worth waiting for a disk
REST_SECONDS = 0.1  # likewise
MOST_PAGES = 8_000  # of the log, 32 MB, until a commit begins it anew


class Checkpoints:
    """Those of one process's database, to be made before its first connection; PostgreSQL needs none."""

    def __init__(self, database: Database) -> None:
        """Start nothing yet: the thread comes with the commits."""
        self._file = database.engine.url.database if database.is_sqlite else None
        self._commits = 0
        self._due, self._closed = Event(), Event()
        self._thread: Thread | None = None
        if self._file is not None:
            event.listen(database.engine, "connect", _let_it_grow)
            event.listen(database.engine, "commit", self._count)

    def close(self) -> None:
        """End; what is not copied yet is left to the last connection that is closed."""
        self._closed.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join()

    def _count(self, connection: sqlalchemy.Connection) -> None:
        if connection.get_execution_options().get("backsweep_reads"):
            return
        self._commits += 1  # by the one writer that a process has at a time
        if self._commits < COMMITS or self._due.is_set():
            return
        if self._thread is None and not self._closed.is_set():
            self._thread = Thread(target=self._go_on, name="checkpoints", daemon=True)
            self._thread.start()
        self._due.set()

    def _go_on(self) -> None:
        assert self._file is not None  # noqa: S101 - nothing is counted otherwise
        with closing(sqlite3.connect(self._file, isolation_level=None)) as connection:
            while self._due.wait() and not self._closed.is_set():
                self._commits, begun = 0, monotonic()
                self._due.clear()
                with suppress(sqlite3.Error):  # a full disk, say: the next commit meets it itself
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
                # As long as it took: a commit cannot begin the log anew meanwhile.
                self._closed.wait(max(REST_SECONDS, monotonic() - begun))


def _let_it_grow(connection: Any, _record: object) -> None:
    connection.execute(f"PRAGMA wal_autocheckpoint={MOST_PAGES}")
