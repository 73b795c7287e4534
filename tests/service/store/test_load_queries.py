from __future__ import annotations

import pytest
from sqlalchemy import update

from service.lifecycle.story import tell
from service.lifecycle.workers import (
    register_worker,
    worker_handed_back,
    worker_lost_leases,
)
from service.planning.statuses import PopulationState
from service.store.clock import now
from service.store.database import Database
from service.store.load_queries import epochs_per_second, load
from service.store.schema import Event, PopulationRow
from tests.service.api import building


def test_the_load_is_summed_over_the_counts_of_all_sweeps(database: Database) -> None:
    with database.write() as session:
        mine, theirs = building.owner(session, "me"), building.owner(session, "them")
        building.sweep(session, mine, state="running", queued_count=5, running_count=2)
        building.sweep(session, theirs, state="completed", completed_count=7)
        third = building.sweep(session, theirs, state="running", running_count=1)
        session.execute(
            update(PopulationRow)
            .where(PopulationRow.sweep_id == third.id)
            .values(state=PopulationState.RUNNING, created_at=now() - 60_000)
        )
    with database.read() as session:
        found = load(session)
    assert {name: count for name, count in found.runs.items() if count} == {
        "queued": 5,
        "running": 3,
        "completed": 7,
    }
    assert set(found.runs.values()) >= {0}  # states without a run are told, too
    assert (found.sweeps["running"], found.sweeps["completed"], found.sweeps["failed"]) == (2, 1, 0)
    assert found.populations == {"queued": 2, "running": 1, "paused": 0}
    assert 0 <= found.oldest_queued_seconds < 30


def test_an_empty_service_has_nothing_to_do(database: Database) -> None:
    with database.read() as session:
        found = load(session)
    assert set(found.runs.values()) | set(found.populations.values()) == {0}
    assert (found.oldest_queued_seconds, found.epochs_per_second, found.leases_lost) == (0.0, 0.0, {})


def test_the_speed_is_that_of_the_last_half_minute(database: Database) -> None:
    with database.write() as session:
        sweep = building.sweep(session, building.owner(session, "me"), all_count=1, running_count=1)
        for seconds_ago, epochs in ((3600, 5_000), (40, 100), (20, 200), (1, 100)):
            tell(session, sweep.id, "progress", epochs=epochs)
            newest = Event.number == sweep.event_count
            session.refresh(sweep)
            session.execute(
                update(Event)
                .where(Event.sweep_id == sweep.id, Event.number == sweep.event_count)
                .values(at=now() - seconds_ago * 1000)
            )
            assert newest is not None
    with database.read() as session:
        assert epochs_per_second(session) == pytest.approx(300 / 30)


def test_what_workers_lost_and_handed_back_is_counted(database: Database) -> None:
    with database.write() as session:
        for name in ("a", "b"):
            register_worker(session, name=name, host="h", process_id=1, environment={})
        worker_lost_leases(session, {"b": 2, "nobody": 1})
        worker_lost_leases(session, {"b": 1})
        worker_handed_back(session, "a")
    with database.read() as session:
        found = load(session)
    assert (found.leases_lost, found.handed_back) == ({"a": 0, "b": 3}, {"a": 1, "b": 0})
