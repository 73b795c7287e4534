"""A disk that is full stops the work and harms nothing; with room again, everything ends as it should.

`PRAGMA max_page_count` makes SQLite's disk full: as root and as anyone else, and at exactly the moment meant.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import make_url

from core.training import EpochReport
from service.lifecycle.owners import local_owner
from service.lifecycle.submit import submit
from service.store.database import Database
from service.store.full_disk import DiskFull
from tests.chaos.alone import SWEEP, interrupt, lose_leases, only_sweep, submitted, work, worker_on
from tests.chaos.checker import broken_rules, differences, unfinished
from tests.chaos.history import StoredSweep, read_history
from worker import recording
from worker.execution import execute_next
from worker.recording import Recorder

EPOCHS: int = SWEEP["parameters"]["epochs"]
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


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    """The sweep, queued on a disk that can be made full."""
    database = Database(sqlite_url)
    submitted(database)
    yield database
    database.dispose()


@pytest.mark.parametrize("epoch", [2, 10, 29])
def test_a_worker_that_must_stop_on_a_full_disk_leaves_work_where_it_was_recorded(
    database: Database,
    sqlite_url: str,
    quiet: StoredSweep,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    epoch: int,
) -> None:
    disk, context = Disk(database), worker_on(database, sqlite_url, tmp_path)

    def fill(recorder: Recorder, report: EpochReport) -> None:
        recorder.flush(checkpoint=report.epoch % 4 == 0)
        disk.is_full = disk.is_full or report.epoch == epoch - 1
        if report.epoch == EPOCHS:  # trained, and nowhere to write it
            context.stopping.set()

    with monkeypatch.context() as patch:
        interrupt(patch, fill)
        assert execute_next(context)
    assert _is_whole(sqlite_url)
    found = only_sweep(database)
    assert broken_rules([found]) == []
    # Small changes fit into pages that are there already.
    assert epoch - 1 <= max(run.epoch for run in found.runs) < EPOCHS

    disk.is_full = False
    lose_leases(database)
    work(worker_on(database, sqlite_url, tmp_path))
    found = only_sweep(database)
    assert broken_rules([found]) + unfinished([found]) + differences(found, quiet) == []


@pytest.mark.parametrize(("full_from", "attempts"), [(9, 3), (29, 4)])
def test_a_worker_keeps_its_work_until_there_is_room(
    database: Database,
    sqlite_url: str,
    quiet: StoredSweep,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    full_from: int,
    attempts: int,
) -> None:
    monkeypatch.setattr(recording, "ROOM_SECONDS", 0.001)
    disk, original, failed = Disk(database), Recorder.flush, []

    def flush(recorder: Recorder, *, checkpoint: bool = False) -> bool:
        written = original(recorder, checkpoint=checkpoint)
        if not written:
            failed.append(recorder)
            disk.is_full = len(failed) % attempts != 0
        return written

    def fill(recorder: Recorder, report: EpochReport) -> None:
        recorder.flush(checkpoint=report.epoch % 4 == 0)
        disk.is_full = disk.is_full or report.epoch == full_from

    monkeypatch.setattr(Recorder, "flush", flush)
    interrupt(monkeypatch, fill)
    work(worker_on(database, sqlite_url, tmp_path))
    found = only_sweep(database)
    assert broken_rules([found]) + unfinished([found]) + differences(found, quiet) == []
    # Whoever waits gives nothing up: nobody else trained any of it.
    assert len(failed) in (attempts, attempts * len(found.populations))  # the end of one may fit
    assert {population.fencing_token for population in found.populations} == {1}
    told = [record.message for record in caplog.records if "wait for room" in record.message]
    assert len(told) == len(failed) / attempts  # once, however often it looks
    assert "database or disk is full" in told[0]


def test_a_submission_to_a_full_disk_stores_nothing_and_may_be_repeated(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    owner = database.run(local_owner)
    disk = Disk(database)
    body = json.dumps({**SWEEP, "seeds": 50}).encode()
    disk.is_full = True
    with pytest.raises(DiskFull, match="full"):
        submit(database, owner_id=owner, body=body, idempotency_key="k", max_runs=1000)
    with database.read() as session:
        assert list(read_history(session)) == []
    disk.is_full = False
    assert not submit(database, owner_id=owner, body=body, idempotency_key="k", max_runs=1000).replayed
    with database.read() as session:
        assert broken_rules(read_history(session)) == []
    database.dispose()
