from __future__ import annotations

from sqlalchemy import update
from starlette.testclient import TestClient

from service.lifecycle.workers import register_worker, worker_stopped
from service.store.clock import now
from service.store.database import Database
from service.store.schema import PopulationRow, Worker
from tests.service.api import building


def test_the_built_in_datasets_are_listed_with_their_columns(client: TestClient) -> None:
    items = {item["name"]: item for item in client.get("/api/v1/datasets").json()["items"]}
    assert list(items) == ["breast_cancer", "diabetes", "digits", "iris", "wine"]
    iris = items["iris"]
    assert (iris["id"], iris["builtin"], iris["rows"], len(iris["columns"])) == (None, True, 150, 5)
    assert iris["columns"][-1]["name"] == iris["default_target"] == "species"
    assert iris["licence"]
    assert items["digits"]["rows"] == 1797
    assert len(items["digits"]["columns"]) == 65  # 8 x 8 pixels and the digit


def test_a_dataset_that_a_sweep_has_used_has_an_id_and_the_same_content(client: TestClient) -> None:
    before = {item["name"]: item for item in client.get("/api/v1/datasets").json()["items"]}
    submission = {"name": "x", "dataset": "iris", "method": "grid", "parameters": {"epochs": 1}, "seeds": 1}
    sweep = client.post("/api/v1/sweeps", json=submission).json()
    after = {item["name"]: item for item in client.get("/api/v1/datasets").json()["items"]}
    assert after["iris"]["id"] == sweep["dataset"]["id"]
    changed = {"id", "created_at"}
    assert {k: v for k, v in after["iris"].items() if k not in changed} == {
        k: v for k, v in before["iris"].items() if k not in changed
    }


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
