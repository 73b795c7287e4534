from __future__ import annotations

from dataclasses import replace

from fastapi import FastAPI
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from service.lifecycle.workers import register_worker
from service.store.database import Database


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
        "workers": {"live": 0},
    }
    assert stranger.get("/readyz").json() == expected
    with database.write() as session:
        register_worker(session, name="w", host="h", process_id=1, environment={})
    assert stranger.get("/readyz").json() == expected | {"status": "ok", "workers": {"live": 1}}


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
