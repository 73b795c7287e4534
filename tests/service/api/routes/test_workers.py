from __future__ import annotations

from sqlalchemy import update
from starlette.testclient import TestClient

from service.lifecycle.workers import register_worker, worker_stopped
from service.store.clock import now
from service.store.database import Database
from service.store.schema import PopulationRow, Worker
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
