"""A database that is away costs nothing that was trained: the worker goes on, and writes when it is back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from core.training import EpochReport
from service.lifecycle.owners import local_owner
from service.store import database as databases
from service.store.database import Database
from tests.chaos.alone import SWEEP, interrupt, lose_leases, only_sweep, submitted, work, worker_on
from tests.chaos.checker import broken_rules, differences, unfinished
from tests.chaos.history import StoredSweep
from worker import recording
from worker.execution import execute_next
from worker.recording import Recorder

EPOCHS: int = SWEEP["parameters"]["epochs"]


class Server:
    """What can be taken away from a database's clients; `asked` counts those that found nothing."""

    def __init__(self, database: Database) -> None:
        self.is_away = False
        self.asked = 0
        event.listen(database.engine, "begin", self._answer, insert=True)

    def _answer(self, _connection: Any) -> None:
        if self.is_away:
            self.asked += 1
            gone = psycopg.OperationalError("the server closed the connection unexpectedly")
            raise OperationalError("BEGIN", None, gone, connection_invalidated=True)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "PAUSES", (0.0,))
    monkeypatch.setattr(recording, "ROOM_SECONDS", 0.001)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The sweep, queued in a database that can be taken away."""
    database = Database(database_url)
    submitted(database)
    yield database
    database.dispose()


@pytest.mark.parametrize("away_from", [9, EPOCHS - 1])
def test_a_worker_trains_on_and_writes_when_the_database_is_back(
    database: Database,
    database_url: str,
    quiet: StoredSweep,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    away_from: int,
) -> None:
    server, original, failed = Server(database), Recorder.flush, []

    def flush(recorder: Recorder, *, checkpoint: bool = False) -> bool:
        written = original(recorder, checkpoint=checkpoint)
        if not written:
            failed.append(recorder)
            server.is_away = len(failed) % 3 != 0
        return written

    def leave(recorder: Recorder, report: EpochReport) -> None:
        recorder.flush(checkpoint=report.epoch % 4 == 0)
        server.is_away = server.is_away or report.epoch == away_from

    monkeypatch.setattr(Recorder, "flush", flush)
    interrupt(monkeypatch, leave)
    work(worker_on(database, database_url, tmp_path))
    assert server.asked
    found = only_sweep(database)
    assert broken_rules([found]) + unfinished([found]) + differences(found, quiet) == []
    assert {population.fencing_token for population in found.populations} == {1}


def test_a_worker_that_must_stop_meanwhile_leaves_its_work_where_it_was_recorded(
    database: Database,
    database_url: str,
    quiet: StoredSweep,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server, context = Server(database), worker_on(database, database_url, tmp_path)

    def leave(recorder: Recorder, report: EpochReport) -> None:
        recorder.flush(checkpoint=report.epoch % 4 == 0)
        server.is_away = server.is_away or report.epoch == 9
        if report.epoch == EPOCHS:
            context.stopping.set()

    with monkeypatch.context() as patch:
        interrupt(patch, leave)
        with pytest.raises(OperationalError, match="closed the connection"):
            execute_next(context)
    server.is_away = False
    found = only_sweep(database)
    assert broken_rules([found]) == []
    assert max(run.epoch for run in found.runs) == 9
    lose_leases(database)
    work(worker_on(database, database_url, tmp_path))
    found = only_sweep(database)
    assert broken_rules([found]) + unfinished([found]) + differences(found, quiet) == []


def test_whoever_holds_sqlite_for_long_makes_others_wait_and_breaks_nothing(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "BUSY_TIMEOUT", 1)
    database = Database(sqlite_url)
    holder = sqlite3.connect(str(database.engine.url.database), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked") as raised:
        database.run(local_owner)
    assert databases.may_pass(raised.value)
    holder.close()
    database.dispose()
