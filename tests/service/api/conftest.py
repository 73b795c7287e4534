"""The whole application over a fresh database, with callers of every kind; the broker is a list."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
from fastapi import FastAPI

from service.api.context import Context
from service.api.intake import Intake
from service.api.streams.tail import Tail
from service.app import create_app
from service.lifecycle.api_keys import create_api_key
from service.lifecycle.owners import local_owner
from service.settings import Settings
from service.store.database import Database
from tests.service.api import building

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have httpx's successor, which nothing else here needs
    from starlette.testclient import TestClient

TOKEN = "a-token-of-the-tests-0123456789"
ADDRESS = "http://127.0.0.1:8765"
MOST_BYTES = 200_000
MOST_DATASET_BYTES = 2**20


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """As from the environment."""
    return Settings.from_environment(
        {
            "BACKSWEEP_HOME": str(tmp_path_factory.mktemp("home")),
            "BACKSWEEP_TOKEN": TOKEN,
            "BACKSWEEP_MAX_BODY_BYTES": str(MOST_BYTES),
            "BACKSWEEP_MAX_DATASET_BYTES": str(MOST_DATASET_BYTES),
            "BACKSWEEP_DATASET_MEMORY": "512M",
        }
    )


@pytest.fixture(scope="session")
def session_app(settings: Settings) -> FastAPI:
    """The application, which takes a quarter of a second to build and keeps nothing but its context."""
    return create_app(settings)


@pytest.fixture
def rung() -> list[int]:
    """How many workers were rung at each ring."""
    return []


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    """A fresh database, which the application uses."""
    database = Database(sqlite_url)
    yield database
    database.dispose()


@pytest.fixture
def app(session_app: FastAPI, settings: Settings, database: Database, rung: list[int]) -> Iterator[FastAPI]:
    """The application as if it had been started over this test's database."""
    with database.write() as session:
        owner_id = local_owner(session)
    session_app.state.context = Context(
        settings=settings,
        database=database,
        token=TOKEN,
        local_owner=owner_id,
        ring=rung.append,
        broker_answers=lambda: True,
        broker_kind="redis",
        tail=Tail(database),
        intake=(intake := Intake(database)),
    )
    yield session_app
    intake.close()


@pytest.fixture
def stranger(app: FastAPI) -> TestClient:
    """A program without any secret."""
    return _client(app)


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """A program with the token."""
    return _client(app, TOKEN)


@pytest.fixture
def other_client(app: FastAPI, database: Database) -> TestClient:
    """A program of another owner, with an API key."""
    with database.write() as session:
        key = create_api_key(session, building.owner(session, "somebody else"), name="theirs")
    return _client(app, key.text)


def _client(app: FastAPI, token: str | None = None) -> TestClient:
    return TestClient(
        app,
        base_url=ADDRESS,
        raise_server_exceptions=False,
        follow_redirects=False,
        headers={"Authorization": f"Bearer {token}"} if token else {},
    )
