from __future__ import annotations

import pytest

from service.dispatch import Doorbell
from service.lifecycle.workers import first_worker
from service.settings import Settings
from service.store.clock import now
from service.store.database import Database
from service.store.schema import Worker
from tests.servers.waiting import eventually
from worker.upkeep import Upkeep, rings_owed


@pytest.mark.parametrize(
    ("queued", "live", "waiting", "owed"),
    [
        (0, 4, 0, 0),  # nothing to do
        (1, 4, 0, 1),  # its message was lost
        (100, 4, 0, 4),  # a worker that is rung goes on until nothing is queued
        (100, 4, 3, 1),
        (2, 4, 4, 0),  # more on their way than needed
        (100, 4, None, 0),  # the broker is down
        (100, 0, 0, 0),  # nobody would answer
    ],
)
def test_as_many_rings_are_owed_as_workers_could_answer_less_those_on_their_way(
    queued: int, live: int, waiting: int | None, owed: int
) -> None:
    assert rings_owed(queued, live, waiting) == owed


def test_a_round_over_an_empty_database_rings_nobody(broker_url: str, database_url: str) -> None:
    settings = Settings.from_environment(
        {"BACKSWEEP_BROKER_URL": broker_url, "BACKSWEEP_DATABASE_URL": database_url}
    )
    with Upkeep(settings, "w1@here") as upkeep:
        assert upkeep.round() == 0
    bell = Doorbell(broker_url)
    assert bell.waiting() == 0
    bell.close()


def test_one_live_worker_does_what_is_to_be_done_once(database_url: str) -> None:
    database = Database(database_url)
    with database.write() as session:
        assert first_worker(session) is None
        for name, seen in (("w3@here", now()), ("w2@here", now()), ("w1@here", 0)):
            session.add(
                Worker(name=name, host="here", process_id=1, started_at=0, turned_at=0, last_seen_at=seen)
            )
        session.flush()
        assert first_worker(session) == "w2@here"
    database.dispose()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_chore_that_fails_keeps_nothing_else_from_being_done(
    broker_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def fail(*_arguments: object, **_options: object) -> None:
        done.append("headlines")
        raise ValueError("a sweep that nobody can judge")

    monkeypatch.setattr("worker.upkeep.keep_headlines", fail)
    monkeypatch.setattr("worker.upkeep.purge", lambda *_, **__: done.append("purge"))
    settings = Settings.from_environment(
        {
            "BACKSWEEP_BROKER_URL": broker_url,
            "BACKSWEEP_DATABASE_URL": database_url,
            "BACKSWEEP_LEASE_SECONDS": "0.5",
            "BACKSWEEP_RECORD_SECONDS": "0.1",
        }
    )
    with Upkeep(settings, "w1@here"):
        eventually(lambda: done[:4] == ["headlines", "purge"] * 2, "two rounds, with all of their chores")
