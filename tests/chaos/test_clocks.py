"""The only clock is the database's, and even that one may jump: what is stored stays the same."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.ext.compiler import compiles

from core.training import EpochReport
from service.lifecycle.requeue import requeue_expired
from service.store import clock
from service.store.database import Database
from service.store.schema import PopulationRow
from tests.chaos.alone import interrupt, only_sweep, submitted, work, worker_on
from tests.chaos.checker import broken_rules, differences, unfinished
from tests.chaos.history import StoredSweep
from worker import heartbeat, recording
from worker.recording import Recorder

HOUR = 3600.0  # seconds


@pytest.fixture
def quiet(second_url: str, tmp_path: Path) -> StoredSweep:
    """The sweep under clocks that go as they should."""
    database = Database(second_url)
    submitted(database)
    work(worker_on(database, second_url, tmp_path))
    found = only_sweep(database)
    database.dispose()
    return found


@pytest.mark.parametrize("jumps", [(-HOUR, HOUR), (HOUR,), (0.0,)], ids=["to and fro", "ahead", "frozen"])
def test_a_workers_own_clock_decides_nothing(
    database_url: str,
    quiet: StoredSweep,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    jumps: tuple[float, ...],
) -> None:
    database = Database(database_url)
    submitted(database)
    shown, steps = [time.time()], itertools.cycle(jumps)

    def jumping() -> float:
        shown[0] += next(steps)
        return shown[0]

    leases: list[float] = []

    def look(_recorder: Recorder, _report: EpochReport) -> None:
        with database.read() as session:
            leases.extend(
                session.scalars(
                    select(PopulationRow.lease_expires_at - clock.now()).where(
                        PopulationRow.state == "running"
                    )
                )
            )

    with monkeypatch.context() as patch:
        interrupt(patch, look)
        # In the worker's modules alone: servers of other tests live in this process, and sleep by its clock.
        wrong = SimpleNamespace(monotonic=jumping, time=jumping)
        for module in (recording, heartbeat):
            patch.setattr(module, "time", wrong)
        work(worker_on(database, database_url, tmp_path))
    found = only_sweep(database)
    assert broken_rules([found]) + unfinished([found]) + differences(found, quiet) == []
    assert all(120_000 < left <= 180_000 for left in leases)  # of a lease of 180 s, by the database's clock
    assert leases
    database.dispose()


@pytest.fixture
def offset() -> Iterator[list[int]]:
    """Milliseconds by which SQLite's clock is wrong, in databases that are opened from now on."""
    wrong = [0]
    original = clock._sqlite_now

    def jumped(element: clock.now, compiler: Any, **options: Any) -> str:
        return f"({original(element, compiler, **options)} + clock_offset())"

    compiles(clock.now, "sqlite")(jumped)
    yield wrong
    compiles(clock.now, "sqlite")(original)


def test_jumps_of_the_databases_clock_cost_leases_and_nothing_else(
    sqlite_url: str,
    quiet: StoredSweep,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    offset: list[int],
) -> None:
    database = Database(sqlite_url)

    @event.listens_for(database.engine, "connect")
    def _add_the_offset(connection: Any, _record: object) -> None:
        connection.create_function("clock_offset", 0, lambda: offset[0])

    submitted(database)
    jumps = itertools.cycle([0, 0, 1, 0, 0, -24, 0, 0, 0, 24])

    def jump(recorder: Recorder, report: EpochReport) -> None:
        recorder.flush(checkpoint=report.epoch % 3 == 0)
        offset[0] += next(jumps) * round(HOUR) * 1000
        database.run(requeue_expired)  # what another worker does meanwhile

    interrupt(monkeypatch, jump)
    work(worker_on(database, sqlite_url, tmp_path))
    found = only_sweep(database)
    assert broken_rules([found]) + unfinished([found]) + differences(found, quiet) == []
    lost = sum(kind == "lease_expired" for _number, kind, *_ in found.events)
    assert lost >= 2
    database.dispose()
