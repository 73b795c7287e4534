from __future__ import annotations

from importlib.metadata import version
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from service.lifecycle.workers import register_worker, worker_stopped
from service.store.clock import now
from service.store.database import Database
from service.store.schema import PopulationRow, Sweep, Worker
from tests.service.api import building


def test_a_workers_state_is_told_with_since_when(client: TestClient, database: Database) -> None:
    with database.write() as session:
        building.sweep(session, building.owner(session, "local"))
        for name in ("idle", "silent", "stopped", "training", "lost"):
            register_worker(
                session, name=name, host="here", process_id=7, environment={"numpy": "2.4"}, restarts=2
            )
        worker_stopped(session, "stopped")
        turned, seen = now() - 60_000, now() - 31_000
        session.execute(update(Worker).values(turned_at=turned))
        session.execute(update(Worker).where(Worker.name.in_(["silent", "lost"])).values(last_seen_at=seen))
        lease = {"state": "running", "lease_owner": "training", "lease_expires_at": now() + 9_000}
        session.execute(update(PopulationRow).values(lease))
    items = {item["name"]: item for item in client.get("/api/v1/workers").json()["items"]}
    states = {
        "idle": "idle",
        "silent": "silent",
        "stopped": "stopped",
        "training": "training",
        "lost": "silent",
    }
    assert {name: item["state"] for name, item in items.items()} == states
    assert items["idle"]["since"] == items["training"]["since"] < items["idle"]["last_seen_at"]
    assert items["silent"]["since"] == items["silent"]["last_seen_at"]
    assert items["stopped"]["since"] >= items["idle"]["last_seen_at"]
    assert (items["idle"]["host"], items["idle"]["restarts"]) == ("here", 2)
    assert items["idle"]["environment_class"] == items["silent"]["environment_class"]


def test_a_worker_whose_lease_has_expired_does_not_train(client: TestClient, database: Database) -> None:
    with database.write() as session:
        building.sweep(session, building.owner(session, "local"))
        register_worker(session, name="w", host="h", process_id=1, environment={})
        lease = {"state": "running", "lease_owner": "w", "lease_expires_at": now() - 1}
        session.execute(update(PopulationRow).values(lease))
    assert client.get("/api/v1/workers").json()["items"][0]["state"] == "idle"


def test_what_a_worker_trains_is_shown_to_its_owner_alone(
    client: TestClient, other_client: TestClient, database: Database
) -> None:
    with database.write() as session:
        building.sweep(session, building.owner(session, "local"))
        population = session.query(PopulationRow).one()
        register_worker(session, name="w", host="h", process_id=1, environment={})
        session.execute(update(Worker).values(population_id=population.id))
        name = population.public_id
    assert client.get("/api/v1/workers").json()["items"][0]["population"] == name
    assert other_client.get("/api/v1/workers").json()["items"][0]["population"] is None


def training(session: Session, started: int, **changes: Any) -> Sweep:
    """A sweep of two runs with 4 epochs each that the worker `w` trains."""
    sweep = building.sweep(session, building.owner(session, "local"), name="rates", state="running")
    for number in (1, 2):
        building.run(session, sweep, number, state="running", epoch=number, **changes)
    population = session.query(PopulationRow).one()
    register_worker(session, name="w", host="h", process_id=1, environment={"numpy": "2.4"})
    lease = {"state": "running", "lease_owner": "w", "lease_expires_at": now() + 9_000, "started_at": started}
    session.execute(update(PopulationRow).values(lease))
    session.execute(update(Worker).values(population_id=population.id))
    return sweep


def clock(session: Session) -> int:
    return int(session.scalars(select(now())).one())


def test_what_a_worker_trains_is_told_with_its_speed(
    client: TestClient, other_client: TestClient, database: Database
) -> None:
    with database.write() as session:
        started = clock(session) - 20_000
        sweep = training(session, started, started_at=started)
        name = sweep.public_id
    worker = client.get("/api/v1/workers").json()["items"][0]
    assert worker["environment"] == {"numpy": "2.4"}
    speed = worker["trains"].pop("epochs_per_second")
    assert 3 / 60 < speed <= 3 / 20  # 3 epochs in 20 seconds, and in what the test has taken
    expected = {"sweep": name, "sweep_name": "rates", "runs": 2, "epochs_done": 3, "epochs_total": 8}
    assert worker["trains"] == expected
    assert other_client.get("/api/v1/workers").json()["items"][0]["trains"] is None


def test_runs_that_had_begun_before_have_no_speed_yet(client: TestClient, database: Database) -> None:
    with database.write() as session:
        started = clock(session) - 20_000
        training(session, started, started_at=started - 60_000)
    worker = client.get("/api/v1/workers").json()["items"][0]
    assert worker["trains"]["epochs_per_second"] is None


def test_the_service_is_told_at_one_look(client: TestClient, database: Database) -> None:
    with database.write() as session:
        training(session, clock(session), started_at=clock(session))
        session.execute(update(Sweep).values(running_count=2))
    found = client.get("/api/v1/system").json()
    assert (found["database"], found["broker"], found["broker_answers"]) == ("sqlite", "redis", True)
    assert found["version"] == version("backsweep")
    assert found["workers"] == {"idle": 0, "training": 1, "silent": 0, "stopped": 0}
    assert (found["runs"]["running"], found["sweeps"]["running"]) == (2, 1)
    assert found["queue"] == {"queued": 0, "running": 1, "paused": 0, "oldest_queued_seconds": 0}
    assert found["whose"] == "everybody"


def test_without_the_scope_admin_only_what_is_ones_own_is_counted(
    other_client: TestClient, database: Database
) -> None:
    with database.write() as session:
        training(session, clock(session), started_at=clock(session))
        session.execute(update(Sweep).values(running_count=2))
    found = other_client.get("/api/v1/system").json()
    assert (found["whose"], found["runs"]["running"], found["queue"]["running"]) == ("own", 0, 0)
    assert found["workers"]["training"] == 1
