from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from sqlalchemy import event, func, select
from starlette.testclient import TestClient

from service.lifecycle.access import Scope
from service.lifecycle.api_keys import create_api_key
from service.store.database import Database
from service.store.schema import AuditEntry
from tests.service.api import building
from tests.service.api.conftest import _client


def limited(app: FastAPI, database: Database, limit: int) -> TestClient:
    with database.write() as session:
        owner = building.owner(session, "student")
        key = create_api_key(session, owner, name="", limits={"requests_per_minute": limit})
    return _client(app, key.text)


def test_requests_beyond_the_keys_limit_are_told_when_to_come_again(app: FastAPI, database: Database) -> None:
    student = limited(app, database, 3)
    for left in (2, 1, 0):
        answer = student.get("/api/v1/me")
        assert answer.status_code == 200
        assert answer.headers["ratelimit-policy"] == '"requests";q=3;w=60'
        assert answer.headers["ratelimit"].startswith(f'"requests";r={left};t=')
    answer = student.get("/api/v1/me")
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 100
    assert answer.json()["errors"][0]["allowed"] == "3 requests"
    assert answer.headers["ratelimit"].startswith('"requests";r=0;')


def test_what_its_scopes_refuse_counts_too_and_cannot_fill_the_audit(
    app: FastAPI, database: Database
) -> None:
    with database.write() as session:
        owner = building.owner(session, "reader")
        limits = {"requests_per_minute": 2}
        key = create_api_key(session, owner, name="", scopes=[Scope.READ], limits=limits)
    reader = _client(app, key.text)
    answers = [reader.post("/api/v1/sweeps", json={}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [403, 403, 429, 429]
    assert all("ratelimit" in answer.headers for answer in answers)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 2


def test_another_key_and_the_token_are_not_held_back(
    app: FastAPI, database: Database, client: TestClient, other_client: TestClient
) -> None:
    student = limited(app, database, 1)
    assert [student.get("/api/v1/me").status_code for _ in range(2)] == [200, 429]
    assert other_client.get("/api/v1/me").status_code == 200
    answer = client.get("/api/v1/me")
    assert (answer.status_code, "ratelimit" in answer.headers) == (200, False)


def test_a_session_counts_for_the_key_that_it_was_opened_with(
    app: FastAPI, database: Database, stranger: TestClient
) -> None:
    student = limited(app, database, 2)
    form = {"token": student.headers["authorization"].removeprefix("Bearer ")}
    stranger.post("/login", data=form, headers={"Origin": "http://127.0.0.1:8765"})
    assert [stranger.get("/api/v1/me").status_code for _ in range(3)] == [200, 200, 429]
    assert student.get("/api/v1/me").status_code == 429


def test_limits_of_runs_and_bytes_are_told_with_what_there_is_and_what_is_allowed(
    app: FastAPI, database: Database
) -> None:
    with database.write() as session:
        owner = building.owner(session, "student")
        key = create_api_key(session, owner, name="", limits={"queued_runs": 3, "runs_per_sweep": 2})
    student = _client(app, key.text)
    sweep: dict[str, Any] = {
        "function": {"expression": "x**2", "start": {"x": 1.0}},
        "parameters": {"learning_rate": {"values": [0.1, 0.2]}, "epochs": 3},
    }
    assert student.post("/api/v1/sweeps", json=sweep).status_code == 201
    answer = student.post("/api/v1/sweeps", json=sweep | {"name": "again"})
    assert answer.status_code == 403
    (fault,) = answer.json()["errors"]
    assert (fault["path"], fault["value"]) == ("runs", "2")
    assert "3 queued runs" in fault["allowed"]
    more = sweep["parameters"] | {"learning_rate": {"values": [0.1, 0.2, 0.3]}}
    for address in ("/api/v1/sweeps", "/api/v1/sweeps:preview"):
        answer = student.post(address, json=sweep | {"parameters": more})
        assert answer.status_code == 422
        assert "at most 2" in answer.json()["errors"][0]["message"]
    assert student.get("/api/v1/me").json()["queued_runs"] == 2


def test_a_request_with_a_key_writes_nothing_once_its_use_is_noted(app: FastAPI, database: Database) -> None:
    student = limited(app, database, 10_000)
    student.get("/api/v1/me")
    told: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        told.append(statement.split(maxsplit=1)[0])

    event.listen(database.engine, "before_cursor_execute", note)
    for _ in range(3):
        student.get("/api/v1/sweeps")
    event.remove(database.engine, "before_cursor_execute", note)
    assert told.count("INSERT") + told.count("UPDATE") <= 1  # the count that is exchanged once a second
