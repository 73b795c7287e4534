"""A disk that is full stops the work and harms nothing; with room again, everything ends as it should.

`PRAGMA max_page_count` makes SQLite's disk full: as root and as anyone else, and at exactly the moment meant.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from core.training import EpochReport
from service.lifecycle.owners import local_owner
from service.lifecycle.submit import submit
from service.store.database import Database
from tests.chaos.alone import SWEEP, interrupt, lose_leases, only_sweep, submitted, work, worker_on
from tests.chaos.checker import broken_rules, differences, unfinished
from tests.chaos.history import read_history
from worker.recording import Recorder

MOST_PAGES = 2**31 - 2  # SQLite's own largest number of pages


class Disk:
    """How much the database file may grow: not at all while it is full."""

    def __init__(self, database: Database) -> None:
        self.is_full = False
        event.listen(database.engine, "begin", self._limit, insert=True)

    def _limit(self, connection: Any) -> None:
        # A limit below what there is means: what there is.
        connection.connection.driver_connection.execute(
            f"PRAGMA max_page_count = {1 if self.is_full else MOST_PAGES}"
        )


def _is_whole(url: str) -> bool:
    connection = sqlite3.connect(str(make_url(url).database))
    found = connection.execute("PRAGMA integrity_check").fetchall()
    connection.close()
    return bool(found == [("ok",)])


@pytest.mark.parametrize("epoch", [1, 10, 29, 30])
def test_training_goes_on_from_where_the_disk_was_full(
    sqlite_url: str, second_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: int
) -> None:
    undisturbed = Database(second_url)
    submitted(undisturbed)
    work(worker_on(undisturbed, second_url, tmp_path))
    quiet = only_sweep(undisturbed)
    undisturbed.dispose()

    database = Database(sqlite_url)
    submitted(database)
    disk = Disk(database)

    def fill(recorder: Recorder, report: EpochReport) -> None:
        recorder.flush(checkpoint=report.epoch % 4 == 0)
        disk.is_full = disk.is_full or report.epoch == epoch - 1

    with monkeypatch.context() as patch:
        interrupt(patch, fill)
        disk.is_full = epoch == 1
        with pytest.raises(OperationalError, match="full"):
            work(worker_on(database, sqlite_url, tmp_path))
    assert _is_whole(sqlite_url)
    assert broken_rules([only_sweep(database)]) == []

    disk.is_full = False
    lose_leases(database)
    work(worker_on(database, sqlite_url, tmp_path))
    found = only_sweep(database)
    assert broken_rules([found]) + unfinished([found]) + differences(found, quiet) == []
    database.dispose()


def test_a_submission_to_a_full_disk_stores_nothing_and_may_be_repeated(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    owner = database.run(local_owner)
    disk = Disk(database)
    body = json.dumps({**SWEEP, "seeds": 50}).encode()
    disk.is_full = True
    with pytest.raises(OperationalError, match="full"):
        submit(database, owner_id=owner, body=body, idempotency_key="k", max_runs=1000)
    with database.read() as session:
        assert list(read_history(session)) == []
    disk.is_full = False
    assert not submit(database, owner_id=owner, body=body, idempotency_key="k", max_runs=1000).replayed
    with database.read() as session:
        assert broken_rules(read_history(session)) == []
    database.dispose()
