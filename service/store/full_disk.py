"""A disk without room is told apart from every other failure of the database: only room helps."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import OperationalError

# SQLite says FULL where the system says that there is no space. A quota, or the largest size of a file, is an
# error of writing to it, and its index of the log is made larger in a way of its own.
WITHOUT_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE)
# These may have other causes; they have this one where the file system has no room.
PERHAPS_WITHOUT_ROOM = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
LITTLE_ROOM = 2**20  # bytes: less than one large commit


class DiskFull(OperationalError):
    """The database has no room to write; nothing of the transaction is stored."""


def tell_full_disks_apart(engine: Engine) -> None:
    """Have this engine raise DiskFull where the driver's error is that."""
    event.listen(engine, "handle_error", _tell_apart)


def _tell_apart(context: ExceptionContext) -> None:
    error = context.original_exception
    if isinstance(error, psycopg.errors.DiskFull) or (
        isinstance(error, sqlite3.Error) and _has_no_room(error, context.engine)
    ):
        raise DiskFull(context.statement, context.parameters, error, hide_parameters=True)


def _has_no_room(error: sqlite3.Error, engine: Engine | None) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or code in WITHOUT_ROOM:
        return code is not None
    if code & 0xFF not in PERHAPS_WITHOUT_ROOM or engine is None or engine.url.database is None:
        return False
    try:
        found = os.statvfs(Path(engine.url.database).resolve().parent)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < LITTLE_ROOM
