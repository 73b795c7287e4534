"""A backup takes the place of the store while nothing uses that, and the store before is kept beside it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from service.settings import Settings, sqlite_url
from service.store.backup import Backup, NoBackup, examine, store_file
from service.supervisor import home as homes
from service.supervisor.tables import migrate


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done."""

    backup: Backup
    store: Path
    before: Path | None  # where the store of before is now; None if there was none


def restore(settings: Settings, file: Path) -> Restored:
    """Put a backup in the place of the settings' SQLite store, and bring it to this version's schema.

    Raises:
        NoBackup: the file is no whole backup, or something still uses the store; nothing was changed.
        CannotStart: Backsweep runs in the home folder, or the backup is a later version's.
    """
    store = store_file(settings.database_url)
    backup = examine(file)
    homes.prepare(settings.home)
    with homes.locked(settings.home, "a restore"):
        _require_unused(store)
        draft = store.with_name(f".{store.name}.restore")
        try:
            _private_copy(file, draft)
            if examine(draft).sha256 != backup.sha256:
                raise NoBackup(f"{file} changed while it was read")
            migrate(sqlite_url(draft))  # which refuses what a later version has made
            _without_log(draft)
            before = _put_aside(store)
            draft.rename(store)
        except OSError as error:
            raise NoBackup(f"{file} could not be restored to {store}: {error}") from None
        finally:
            for left in (draft, *(draft.with_name(draft.name + end) for end in ("-wal", "-shm"))):
                left.unlink(missing_ok=True)
    return Restored(backup, store, before)


def _require_unused(store: Path) -> None:
    """Leave WAL mode, which SQLite allows to the only connection alone."""
    if not store.exists():
        return
    try:
        _without_log(store)
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            raise NoBackup(
                f"{store} is in use; stop every `backsweep up`, `serve` and `worker` that uses it"
            ) from None
        # What is damaged beyond opening is what a restore is for: it is put aside as it is.


def _without_log(store: Path) -> None:
    with closing(sqlite3.connect(store, timeout=0, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _private_copy(file: Path, draft: Path) -> None:
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with file.open("rb") as reading, open(descriptor, "wb") as writing:  # noqa: PTH123 - a descriptor
        shutil.copyfileobj(reading, writing)
        writing.flush()
        os.fsync(writing.fileno())


def _put_aside(store: Path) -> Path | None:
    if not store.exists():
        return None
    moment = datetime.now(tz=UTC)
    before = store.with_name(f"{store.name}.before-{moment:%Y%m%dT%H%M%S%f}")
    store.rename(before)
    for end in ("-wal", "-shm"):  # of a store that could not be opened
        beside = store.with_name(store.name + end)
        if beside.exists():
            beside.rename(before.with_name(before.name + end))
    return before
