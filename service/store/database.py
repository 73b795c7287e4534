"""One way to open a transaction, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from copy import copy
from threading import Lock
from time import sleep
from typing import Any, Protocol, TypeVar

import psycopg
import sqlalchemy
from pydantic_core import from_json
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from service.store.arrays import Packed, PackedDumper
from service.store.full_disk import DiskFull, tell_full_disks_apart
from service.store.raw_rows import send_raw_rows_in_binary
from service.store.written_json import as_json

Result = TypeVar("Result")

# Of an SQLite file, read without a copy: a look at every run takes a third of the time. It is address space.
MAPPED_BYTES = 8 << 30
BUSY_TIMEOUT = 30_000  # milliseconds that SQLite waits for another process's write
# Seconds between the attempts of a unit of work: together about what a server needs to be back after a crash.
PAUSES = (0.05, 0.2, 0.5, 1.0)
# Serialization failure, deadlock, server shut down or starting, and every connection error.
RETRYABLE_SQLSTATES = ("40001", "40P01", "57P01", "57P02", "57P03", "08")
# A server behind a dead network neither answers nor hangs up. Without these, a program would wait for it for
# two hours (keepalive) or a quarter of one (unacknowledged data). A URL may say otherwise.
POSTGRES_TIMEOUTS = {
    "connect_timeout": 5,  # seconds
    "keepalives_idle": 10,  # seconds
    "keepalives_interval": 5,  # seconds
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}
# The same at the server's end. A machine that is cut off in the middle of a transaction says no goodbye, and
# its locks would hold its population, and everything that its sweep tells, for as long as the server waits.
POSTGRES_SESSION = {
    "tcp_keepalives_idle": "10",  # seconds
    "tcp_keepalives_interval": "5",  # seconds
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "20000",  # milliseconds
    # A program that stands still has a network that answers. No transaction waits for anything this long.
    "idle_in_transaction_session_timeout": "60000",  # milliseconds
}


class Note(Protocol):
    """What is to be written beside whatever a transaction writes."""

    def note(self, session: Session) -> None:
        """Write it, as the last thing in the transaction."""

    def committed(self) -> None:
        """The transaction has been committed."""


class Database:
    """An engine and the two kinds of transactions: `read` and `write`.

    SQLite has one writer: a write begins with BEGIN IMMEDIATE (a deferred one fails at once when it has
    to be upgraded: 450 of 600 in a measurement), and writers of one process queue on a lock, because
    SQLite's own busy handler is unfair (the slowest 1 % took six times as long without it).
    """

    def __init__(self, url: str) -> None:
        self.engine = _create_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._writing = Lock() if self.is_sqlite else None
        self._note: Note | None = None

    def with_note(self, note: Note) -> Database:
        """The same database, whose write transactions also write `note`: both are committed, or neither."""
        noting = copy(self)
        noting._note = note  # noqa: SLF001 - of our own class
        return noting

    @property
    def noting(self) -> Note | None:
        """What this one's write transactions write beside their work."""
        return self._note

    @contextmanager
    def read(self, *, mapped: bool = True) -> Iterator[Session]:
        """A transaction that only reads.

        What reads all of a large table once asks for pages that are not mapped: SQLite's would count as
        memory of this process, up to the size of the file, until the system wants them back.
        """
        engine = self.engine.execution_options(backsweep_reads=True, backsweep_mapped=mapped)
        with Session(engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that writes: committed at the end of the block, rolled back by an exception."""
        with (
            self._writing or nullcontext(),
            Session(self.engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session
            if self._note is not None:
                self._note.note(session)
        if self._note is not None:
            self._note.committed()

    def run(self, unit: Callable[[Session], Result]) -> Result:
        """Run a unit of work in a write transaction, again if the database asks for it.

        The unit must be harmless when its commit succeeded and only the answer was lost: every unit here
        is, by its fencing token or idempotency key.
        """
        for pause in (*PAUSES, None):
            try:
                with self.write() as session:
                    return unit(session)
            except DBAPIError as error:
                if pause is None or not _may_be_retried(error):
                    raise
            sleep(pause)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def dispose(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def may_pass(error: DBAPIError) -> bool:
    """Whether the unit may succeed later as it is: no room, no connection, or somebody else writes long."""
    busy = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
    return busy or isinstance(error, DiskFull) or _may_be_retried(error)


def _may_be_retried(error: DBAPIError) -> bool:
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # psycopg has none where no connection could be made at all
        return isinstance(error.orig, psycopg.OperationalError)
    return str(state).startswith(RETRYABLE_SQLSTATES)


def _create_engine(url: str) -> Engine:
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    parsed = sqlalchemy.make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(query={**{k: str(v) for k, v in POSTGRES_TIMEOUTS.items()}, **parsed.query})
    # A file needs no question whether it is still there.
    is_file = parsed.get_backend_name() == "sqlite"
    engine = sqlalchemy.create_engine(
        parsed,
        pool_pre_ping=not is_file,
        hide_parameters=True,
        json_serializer=as_json,
        json_deserializer=from_json,  # twice as fast as json.loads: a page of runs reads 2,000 documents
    )
    tell_full_disks_apart(engine)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _prepare_postgres)
        send_raw_rows_in_binary(engine)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not emit a BEGIN of its own
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        f"busy_timeout={BUSY_TIMEOUT}",
        "foreign_keys=ON",
        _mapping(mapped=True),
    ):
        connection.execute(f"PRAGMA {pragma}")


def _mapping(*, mapped: bool) -> str:
    return f"mmap_size={MAPPED_BYTES if mapped else 0}"


def _prepare_postgres(connection: Any, _record: object) -> None:
    # Not by libpq's `options`: connection poolers refuse what they do not know in there.
    connection.autocommit = True  # a rollback would take the settings back
    each = ", ".join(["set_config(%s, %s, false)"] * len(POSTGRES_SESSION))
    connection.execute(f"SELECT {each}", [word for pair in POSTGRES_SESSION.items() for word in pair])
    connection.autocommit = False
    connection.adapters.register_dumper(Packed, PackedDumper)


def _begin_sqlite(connection: sqlalchemy.Connection) -> None:
    options = connection.get_execution_options()
    mapped = options.get("backsweep_mapped", True)
    if connection.info.get("backsweep_mapped", True) != mapped:
        connection.exec_driver_sql(f"PRAGMA {_mapping(mapped=mapped)}").close()
        connection.info["backsweep_mapped"] = mapped
    connection.exec_driver_sql("BEGIN" if options.get("backsweep_reads") else "BEGIN IMMEDIATE")
