"""A SQLite store is copied while it is used, and a copy is looked at before it is trusted."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from service.errors import BacksweepError

BLOCK = 2**20  # bytes
HASH_SUFFIX = ".sha256"
BUSY_SECONDS = 30.0


class NoBackup(BacksweepError):
    """A backup cannot be made, or what should be one cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One file that holds a whole store."""

    path: Path
    size: int  # bytes
    sha256: str
    revision: str  # of the schema


def store_file(url: str) -> Path:
    """The file of the store that a URL names.

    Raises:
        NoBackup: it is PostgreSQL's, which has programs of its own for this.
    """
    parts = make_url(url)
    if parts.get_backend_name() != "sqlite":
        raise NoBackup(
            f"the database {parts.database} is PostgreSQL's, which copies it itself: see docs/operations.md "
            "for pg_dump and pg_restore"
        )
    return Path(str(parts.database))


def back_up(url: str, target: Path) -> Backup:
    """Copy the store, as it is at one moment, to a file that is not there yet; writers go on meanwhile.

    The copy is checked, and its hash is left beside it in the form of sha256sum.

    Raises:
        NoBackup: with the reason; no file is left then.
    """
    source = store_file(url)
    if not source.exists():
        raise NoBackup(f"there is no database at {source}")
    if target.exists():
        raise NoBackup(f"{target} exists already; a backup overwrites nothing")
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        _copy(source, draft)
        revision = check(draft)
        found = Backup(target, draft.stat().st_size, sha256_of(draft), revision)
        _sync(draft)
        hash_file = target.with_name(target.name + HASH_SUFFIX)
        hash_file.write_text(f"{found.sha256}  {target.name}\n", encoding="utf-8")
        draft.rename(target)
    except (OSError, sqlite3.Error) as error:
        raise NoBackup(f"the backup {target} could not be made: {error}") from None
    finally:
        draft.unlink(missing_ok=True)
    return found


def examine(path: Path) -> Backup:
    """Look whether a file is a whole backup; its hash counts where one lies beside it.

    Raises:
        NoBackup: it is not.
    """
    if not path.is_file():
        raise NoBackup(f"there is no file {path}")
    digest, hash_file = sha256_of(path), path.with_name(path.name + HASH_SUFFIX)
    if hash_file.exists():
        expected = hash_file.read_text(encoding="utf-8").split()[0:1]
        if expected != [digest]:
            raise NoBackup(f"{path} is not what was backed up: its SHA-256 is not that in {hash_file.name}")
    return Backup(path, path.stat().st_size, digest, check(path))


def check(path: Path) -> str:
    """Have SQLite read every page, index and reference of a file; the revision of its schema.

    Raises:
        NoBackup: something is wrong with it.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            faults = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
            if faults != ["ok"]:
                raise NoBackup(f"{path} is damaged: {'; '.join(faults)[:500]}")
            if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise NoBackup(f"{path} is damaged: rows refer to others that are not there")
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise NoBackup(f"{path} is no backup of Backsweep's: {error}") from None
    if found is None:
        raise NoBackup(f"{path} is no backup of Backsweep's: it has no schema")
    return str(found[0])


def sha256_of(path: Path) -> str:
    """The hexadecimal SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _copy(source: Path, target: Path) -> None:
    # In one step: SQLite begins anew whenever somebody writes between two, and somebody always does.
    address = f"{source.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS)) as reading,
        closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing, pages=-1)
        writing.execute("PRAGMA journal_mode=DELETE")  # so that the file is whole without another beside it


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
