"""The whole application over a fresh database, with callers of every kind; the broker is a list."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from service.app import create_app
from service.lifecycle.access import create_api_key
from service.settings import Settings
from service.store.database import Database
from tests.service.api import building

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have httpx's successor, which nothing else here needs
    from starlette.testclient import TestClient

TOKEN = "a-token-of-the-tests-0123456789"
ADDRESS = "http://127.0.0.1:8765"


@pytest.fixture
def settings(sqlite_url: str, tmp_path: Path) -> Settings:
    """As from the environment, over a migrated database."""
    return Settings.from_environment(
        {
            "BACKSWEEP_HOME": str(tmp_path),
            "BACKSWEEP_DATABASE_URL": sqlite_url,
            "BACKSWEEP_TOKEN": TOKEN,
            "BACKSWEEP_MAX_BODY_BYTES": "200000",
        }
    )


@pytest.fixture
def rung() -> list[int]:
    """How many workers were rung at each ring."""
    return []


@pytest.fixture
def app(settings: Settings, rung: list[int]) -> FastAPI:
    """The application, not started."""
    return create_app(settings, ring=rung.append)


@pytest.fixture
def stranger(app: FastAPI) -> Iterator[TestClient]:
    """A program without any secret; the application runs as long as it is there."""
    with TestClient(
        app, base_url=ADDRESS, raise_server_exceptions=False, follow_redirects=False
    ) as client:
        yield client


@pytest.fixture
def client(app: FastAPI, stranger: TestClient) -> TestClient:
    """A program with the token."""
    return _with_token(app, TOKEN)


@pytest.fixture
def database(app: FastAPI, stranger: TestClient) -> Database:
    """The application's own database."""
    database: Database = app.state.context.database
    return database


@pytest.fixture
def other_client(app: FastAPI, database: Database) -> TestClient:
    """A program of another owner, with an API key."""
    with database.write() as session:
        key = create_api_key(session, building.owner(session, "somebody else"), name="theirs")
    return _with_token(app, key.text)


def _with_token(app: FastAPI, token: str) -> TestClient:
    return TestClient(
        app,
        base_url=ADDRESS,
        raise_server_exceptions=False,
        follow_redirects=False,
        headers={"Authorization": f"Bearer {token}"},
    )
