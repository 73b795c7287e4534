from __future__ import annotations

from dataclasses import replace

from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from service.lifecycle.workers import register_worker, worker_stopped
from service.store.clock import now
from service.store.database import Database
from service.store.schema import PopulationRow, Worker
from tests.service.api import building


class NoDatabase:
    """It refuses every connection."""

    def __init__(self, database: Database) -> None:
        self.engine = database.engine

    def read(self) -> None:
        raise OperationalError("SELECT 1", {}, Exception("no route to host"))


def test_a_process_that_answers_is_alive(stranger: TestClient) -> None:
    assert stranger.get("/healthz").json() == {"status": "ok"}


def test_readiness_names_what_the_service_stands_on(stranger: TestClient, database: Database) -> None:
    expected = {
        "status": "degraded",
        "database": {"ok": True, "kind": "sqlite"},
        "broker": {"ok": True, "kind": "redis"},
        "workers": {"live": 0, "training": 0, "idle": 0, "silent": 0},
    }
    assert stranger.get("/readyz").json() == expected
    with database.write() as session:
        register_worker(session, name="w", host="h", process_id=1, environment={})
    idle = {"live": 1, "training": 0, "idle": 1, "silent": 0}
    assert stranger.get("/readyz").json() == expected | {"status": "ok", "workers": idle}


def test_readiness_counts_workers_by_state_and_forgets_who_has_long_been_silent(
    stranger: TestClient, database: Database
) -> None:
    with database.write() as session:
        building.sweep(session, building.owner(session, "local"))
        for name in ("idle", "silent", "forgotten", "stopped", "training"):
            register_worker(session, name=name, host="h", process_id=1, environment={})
        worker_stopped(session, "stopped")
        for name, seconds in (("silent", 31), ("forgotten", 90_000)):
            seen = now() - seconds * 1000
            session.execute(update(Worker).where(Worker.name == name).values(last_seen_at=seen))
        lease = {"state": "running", "lease_owner": "training", "lease_expires_at": now() + 9_000}
        session.execute(update(PopulationRow).values(lease))
    counts = {"live": 2, "training": 1, "idle": 1, "silent": 1}
    assert stranger.get("/readyz").json()["workers"] == counts


def test_without_a_broker_submissions_are_still_taken(
    app: FastAPI, stranger: TestClient, database: Database
) -> None:
    app.state.context = replace(app.state.context, broker_answers=lambda: False)
    answer = stranger.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["broker"]["ok"] is False


def test_without_a_database_nothing_is_ready(app: FastAPI, stranger: TestClient, database: Database) -> None:
    app.state.context = replace(app.state.context, database=NoDatabase(database))
    answer = stranger.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "unavailable"
    assert answer.json()["database"] == {"ok": False, "kind": "sqlite"}
    assert stranger.get("/healthz").status_code == 200
