"""The quiet run that a disturbed one is compared with, in a database of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from service.store.database import Database
from tests.chaos.alone import only_sweep, submitted, work, worker_on
from tests.chaos.history import StoredSweep


@pytest.fixture
def second_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh migrated SQLite database beside the test's own."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'second.db')}"


@pytest.fixture
def quiet(second_url: str, tmp_path: Path) -> StoredSweep:
    """The sweep as it ends undisturbed."""
    database = Database(second_url)
    submitted(database)
    work(worker_on(database, second_url, tmp_path))
    sweep = only_sweep(database)
    database.dispose()
    return sweep
