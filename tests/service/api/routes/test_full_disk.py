"""On a full disk a request that writes answers 507 and changes nothing; with room again it does its work.

SQLite meets a largest size of files below that of its log: an error of writing, as of a full quota.
PostgreSQL raises 53100 from a trigger, as it does where a table cannot be made larger.
"""

from __future__ import annotations

import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select, text
from starlette.testclient import TestClient

from service.lifecycle.api_keys import create_api_key
from service.lifecycle.cancel import cancel_sweep
from service.lifecycle.owners import local_owner
from service.lifecycle.pause import pause_sweep
from service.lifecycle.submit import submit
from service.store.database import Database
from service.store.full_disk import DiskFull
from service.store.schema import metadata
from tests.service.api.conftest import _client

SWEEP: dict[str, Any] = {
    "dataset": "iris",
    "seeds": 2,
    "parameters": {"learning_rate": {"values": [0.1, 0.5]}, "epochs": 3},
}
FULL = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$
"""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database of each kind, which the application uses."""
    database = Database(database_url)
    yield database
    database.dispose()


@contextmanager
def _without_room(database: Database) -> Iterator[None]:
    if not database.is_sqlite:
        tables = list(metadata.tables)
        with database.engine.begin() as connection:
            connection.exec_driver_sql(FULL)
            for table in tables:
                connection.exec_driver_sql(
                    f"CREATE TRIGGER no_room BEFORE INSERT OR UPDATE OR DELETE ON {table} "
                    "FOR EACH ROW EXECUTE FUNCTION no_room()"
                )
        yield
        with database.engine.begin() as connection:
            connection.exec_driver_sql("DROP FUNCTION no_room CASCADE")
        return
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _stored(database: Database) -> dict[str, list[Any]]:
    """Every row of every table."""
    with database.read() as session:
        return {
            name: sorted(map(repr, session.execute(select(table)).all()))
            for name, table in metadata.tables.items()
        }


def _sweep(database: Database, state: str) -> str:
    owner = database.run(local_owner)
    found = submit(
        database, owner_id=owner, body=json.dumps(SWEEP).encode(), idempotency_key=None, max_runs=100
    )
    if state == "paused":
        database.run(lambda session: pause_sweep(session, owner, found.public_id))
    if state == "canceled":
        database.run(lambda session: cancel_sweep(session, owner, found.public_id))
    return found.public_id


Ask = Callable[[TestClient, str], Any]
WRITING: dict[str, tuple[str, Ask]] = {
    "submit": ("queued", lambda client, _: client.post("/api/v1/sweeps", json=SWEEP)),
    "pause": ("queued", lambda client, sweep: client.post(f"/api/v1/sweeps/{sweep}:pause")),
    "resume": ("paused", lambda client, sweep: client.post(f"/api/v1/sweeps/{sweep}:resume")),
    "cancel": ("queued", lambda client, sweep: client.post(f"/api/v1/sweeps/{sweep}:cancel")),
    "retry": ("canceled", lambda client, sweep: client.post(f"/api/v1/sweeps/{sweep}:retry")),
    "extend by seeds": (
        "queued",
        lambda client, sweep: client.post(f"/api/v1/sweeps/{sweep}:extend", json={"seeds": 1}),
    ),
    "extend by epochs": (
        "canceled",
        lambda client, sweep: client.post(f"/api/v1/sweeps/{sweep}:extend", json={"epochs": 5}),
    ),
}


@pytest.mark.parametrize("path", WRITING)
def test_a_request_that_finds_no_room_answers_507_and_may_be_sent_again(
    client: TestClient, database: Database, path: str
) -> None:
    state, ask = WRITING[path]
    sweep = _sweep(database, state)
    before = _stored(database)
    with _without_room(database):
        answer = ask(client, sweep)
    assert answer.status_code == 507, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["title"], problem["status"]) == ("Insufficient Storage", 507)
    assert "Nothing of this request is stored" in problem["detail"]
    assert _stored(database) == before
    assert ask(client, sweep).status_code in (200, 201)
    assert _stored(database) != before


def test_a_login_that_finds_no_room_answers_507(
    stranger: TestClient, client: TestClient, database: Database
) -> None:
    form = {"token": client.headers["authorization"].removeprefix("Bearer "), "next": "/"}
    origin = {"Origin": str(stranger.base_url).rstrip("/")}
    with _without_room(database):
        answer = stranger.post("/login", data=form, headers=origin)
    assert answer.status_code == 507, answer.text
    assert stranger.post("/login", data=form, headers=origin).status_code < 400


def test_reading_goes_on(client: TestClient, database: Database) -> None:
    sweep = _sweep(database, "queued")
    with _without_room(database):
        assert client.get(f"/api/v1/sweeps/{sweep}").status_code == 200


def test_reading_with_a_key_goes_on_within_its_limit(app: FastAPI, database: Database) -> None:
    with database.write() as session:
        key = create_api_key(session, local_owner(session), name="", limits={"requests_per_minute": 20})
    reader = _client(app, key.text)
    with _without_room(database):
        answers = [reader.get("/api/v1/sweeps").status_code for _ in range(21)]
    assert (set(answers[:20]), answers[20]) == ({200}, 429)


def test_other_failures_of_the_database_are_not_taken_for_a_full_disk(database: Database) -> None:
    with pytest.raises(Exception, match="no_such_table") as raised, database.read() as session:
        session.execute(text("SELECT 1 FROM no_such_table"))
    assert not isinstance(raised.value, DiskFull)
    with database.read() as session:
        assert session.scalars(select(func.count()).select_from(metadata.tables["sweeps"])).one() == 0


def test_openapi_says_which_requests_may_find_no_room(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    answers = {
        (path, method): set(operation["responses"])
        for path, operations in paths.items()
        for method, operation in operations.items()
    }
    assert "507" in answers["/api/v1/sweeps", "post"]
    assert "507" not in answers["/api/v1/sweeps", "get"]
