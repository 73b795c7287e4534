from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import select, update

from service.dispatch import Doorbell
from service.lifecycle.workers import RESTARTS_VARIABLE, register_worker
from service.store.clock import now
from service.store.database import Database
from service.store.schema import PopulationRow, Worker
from service.store.worker_queries import WorkerView
from service.supervisor.processes import Child
from service.supervisor.watch import Watch
from service.supervisor.watchdog import SILENT, UNUSED, Look, Suspicions, Watchdog
from tests.servers.doorbell import RECORD, WAITS
from tests.servers.waiting import eventually, runs
from tests.service.api import building
from tests.service.supervisor.conftest import Nursery, pid_of

ROOT = Path(__file__).parents[3]
WORKER = (
    "import os; from worker.__main__ import start; from service.settings import Settings; "
    "raise SystemExit(start(Settings.from_environment(os.environ), 'w1@here', 'tests.servers.doorbell'))"
)


def view(*, seen: int = 0, turned: int = 0, trains: bool = False) -> WorkerView:
    worker = cast("Worker", SimpleNamespace(last_seen_at=seen, turned_at=turned))
    return WorkerView(worker, None, trains, 0)


def judged(*looks: tuple[float, WorkerView | None, int], start: int = 1) -> list[str | None]:
    """What is said at each of these moments (seconds, by both clocks) with a patience of 60 s."""
    suspicions = Suspicions(60)
    return [
        suspicions.judge("w", start, Look(moment, int(moment * 1000), queued, {"w": seen} if seen else {}))
        for moment, seen, queued in looks
    ]


def test_a_worker_that_is_seen_and_has_nothing_to_do_is_well() -> None:
    assert judged(*((moment, view(seen=moment), 0) for moment in range(0, 600, 10))) == [None] * 60


def test_a_worker_that_is_not_seen_for_so_long_is_silent() -> None:
    assert judged((0, view(seen=5), 0), (59, view(seen=5), 0), (60, view(seen=5), 0)) == [None, None, SILENT]


def test_a_worker_that_never_made_itself_known_is_silent() -> None:
    assert judged((0, None, 0), (59, None, 0), (60, None, 0)) == [None, None, SILENT]


def test_a_worker_that_lives_and_takes_nothing_of_what_waits_is_of_no_use() -> None:
    looks = [(moment, view(seen=moment, turned=7), 3) for moment in range(0, 70, 10)]
    assert judged(*looks) == [None] * 6 + [UNUSED]


def test_a_worker_that_turns_to_work_between_two_looks_is_well() -> None:
    looks = [(moment, view(seen=moment, turned=moment), 3) for moment in range(0, 600, 10)]
    assert judged(*looks) == [None] * 60


def test_time_without_waiting_work_does_not_count() -> None:
    looks = [(moment, view(seen=moment), 3 if moment % 50 else 0) for moment in range(0, 600, 10)]
    assert judged(*looks) == [None] * 60


def test_a_worker_that_trains_is_left_alone_whatever_else_is_wrong() -> None:
    looks = [(moment, view(seen=5, turned=7, trains=True), 3) for moment in range(0, 600, 10)]
    assert judged(*looks) == [None] * 60


@pytest.mark.parametrize(("ours", "theirs"), [(1.0, 9_000.0), (9_000.0, 1.0)])
def test_a_clock_that_jumps_makes_no_worker_look_hung(ours: float, theirs: float) -> None:
    suspicions = Suspicions(60)
    seen = {"w": view(seen=5, turned=7)}
    assert suspicions.judge("w", 1, Look(0, 0, 3, seen)) is None
    assert suspicions.judge("w", 1, Look(ours, int(theirs * 1000), 3, seen)) is None


def test_a_new_process_is_given_time_of_its_own() -> None:
    suspicions = Suspicions(60)
    seen = {"w": view(seen=5)}
    assert suspicions.judge("w", 1, Look(0, 0, 0, seen)) is None
    assert suspicions.judge("w", 2, Look(60, 60_000, 0, seen)) is None
    assert suspicions.judge("w", 2, Look(120, 120_000, 0, seen)) == SILENT


def test_what_a_restart_does_not_mend_is_restarted_ever_more_rarely_until_it_trains() -> None:
    suspicions = Suspicions(1)
    idle, trains = {"w": view(seen=5)}, {"w": view(seen=5, trains=True)}
    found = [at for at in range(80) if suspicions.judge("w", 1, Look(at, at * 1000, 0, idle))]
    assert [after - before for before, after in pairwise(found)] == [3, 5, 9, 17, 33]
    assert suspicions.seconds("w") == 32
    suspicions.judge("w", 1, Look(100, 100_000, 0, trains))
    assert suspicions.seconds("w") == 1


def test_after_an_outage_of_the_database_time_starts_anew() -> None:
    suspicions = Suspicions(60)
    seen = {"w": view(seen=5)}
    assert suspicions.judge("w", 1, Look(0, 0, 0, seen)) is None
    suspicions.forget()
    assert suspicions.judge("w", 1, Look(300, 300_000, 0, seen)) is None


@dataclass
class Kennel:
    """A real worker under a real watch and watchdog, with a doorbell that only writes down that it rang."""

    child: Child
    database: Database
    bell: Doorbell
    record: Path
    said: list[str] = field(default_factory=list)

    def row(self) -> Worker | None:
        with self.database.read() as session:
            return session.scalar(select(Worker))

    def training_process(self) -> int:
        """The process that answered the last ring."""
        return int(self.record.read_text().splitlines()[-1].split()[1])


@pytest.fixture
def kennel(broker_url: str, sqlite_url: str, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    database, bell, record = Database(sqlite_url), Doorbell(broker_url), tmp_path / "record"

    @contextmanager
    def guarded(*, patience: float = 3.0) -> Iterator[Kennel]:
        child = Child(
            "worker-1",
            [sys.executable, "-c", WORKER],
            environment={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "TMPDIR": str(tmp_path),
                "BACKSWEEP_HOME": str(tmp_path),
                "BACKSWEEP_BROKER_URL": broker_url,
                "BACKSWEEP_DATABASE_URL": sqlite_url,
                "BACKSWEEP_LEASE_SECONDS": "1",  # seen three times a second
                "BACKSWEEP_RECORD_SECONDS": "0.3",
                RECORD: str(record),
                WAITS: "",
            },
            log=tmp_path / "logs" / "worker-1.log",
            counts=RESTARTS_VARIABLE,
        )
        kennel = Kennel(child, database, bell, record)
        watch = Watch(kennel.said.append, stop_seconds=0.5)
        try:
            child.start()
            eventually(record.exists, "the worker looks for work by itself")
            watch.begin([child])
            watchdog = Watchdog(sqlite_url, broker_url, {"w1@here": child}, watch.restart, patience=patience)
            watchdog.begin()
            yield kennel
            watchdog.close()
        finally:
            watch.close()
            child.kill()
            watch.release()

    yield guarded
    bell.close()
    database.dispose()


def restarted(kennel: Kennel, reason: str) -> None:
    before = pid_of(kennel.child)
    rings = len(kennel.record.read_text().splitlines())
    eventually(lambda: kennel.said, "the restart is told")
    assert kennel.said[0].startswith(f"worker-1 {reason}")
    eventually(lambda: kennel.child.pid != before and not runs(before), "another process")
    eventually(lambda: len(kennel.record.read_text().splitlines()) > rings, "the new one answers")
    # On a busy machine it may be restarted once more, because it is not ready in so short a time.
    eventually(
        lambda: (
            (row := kennel.row()) is not None
            and (row.restarts, row.process_id) == (kennel.child.starts - 1, kennel.child.pid)
        ),
        "the new one has made itself known",
    )


def test_a_stopped_main_process_is_replaced(kennel: Callable[..., Any]) -> None:
    with kennel() as guarded:
        os.kill(pid_of(guarded.child), signal.SIGSTOP)
        restarted(guarded, "showed no sign of life for 3 s")


def test_a_stopped_training_process_is_replaced_with_its_main_process_once_work_waits(
    kennel: Callable[..., Any],
) -> None:
    with kennel() as guarded:
        stopped = guarded.training_process()
        os.kill(stopped, signal.SIGSTOP)
        with guarded.database.write() as session:
            building.sweep(session, building.owner(session, "local"))
        restarted(guarded, "took no work for 3 s although work waits (populations: 1)")
        assert not runs(stopped)


@pytest.mark.parametrize("state", ["idle", "training", "idle, and the broker is down"])
def test_only_a_worker_that_hears_of_work_and_takes_none_is_restarted(
    state: str, nursery: Nursery, sqlite_url: str, broker_url: str
) -> None:
    database, bell = Database(sqlite_url), Doorbell(broker_url)
    child = nursery.child("import time; time.sleep(60)")
    asked: list[str] = []
    with database.write() as session:
        owner = building.owner(session, "local")
        building.sweep(session, owner)
        register_worker(session, name="w", host="here", process_id=1, environment={})
        if state == "training":
            lease = {"state": "running", "lease_owner": "w", "lease_expires_at": now() + 60_000}
            session.execute(update(PopulationRow).values(lease))
            building.sweep(session, owner)
    url = "redis://127.0.0.1:1/0" if "down" in state else broker_url
    watchdog = Watchdog(sqlite_url, url, {"w": child}, lambda _, why: asked.append(why), patience=1)
    deadline = time.monotonic() + 2.5
    while time.monotonic() < deadline and not asked:
        with database.write() as session:  # it is seen, and does nothing else
            session.execute(update(Worker).values(last_seen_at=now()))
        watchdog.look()
        time.sleep(0.02)
    watchdog.close()
    assert asked == (["took no work for 1 s although work waits (populations: 1)"] if state == "idle" else [])
    assert bell.waiting() == (1 if state == "idle" else 0)  # it was rung, too: its message may have been lost
    bell.close()
    database.dispose()
