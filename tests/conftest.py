"""Real servers for the tests: one of each per session, and a fresh migrated database for every test."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from service.settings import Settings
from service.store.database import Database
from service.store.migrate import upgrade
from tests.servers.missing import unavailable
from tests.servers.postgres import NoPostgres, create_database, drop_database, running_postgres
from tests.servers.service import RunningService, running_service
from tests.servers.valkey import NoValkey, running_valkey

# A timing is no test, and what has passed passes again; `--hypothesis-profile=explore` tries other examples.
UNHURRIED = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.register_profile("repeatable", UNHURRIED, derandomize=True)
hypothesis_settings.register_profile("explore", UNHURRIED, max_examples=1_000)
hypothesis_settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What the person at this machine has set must not help, and their home folder not be touched."""
    for name in [name for name in os.environ if name.startswith("BACKSWEEP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BACKSWEEP_HOME", str(tmp_path_factory.getbasetemp() / "backsweep-home"))


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A server for brokers: TEST_REDIS_URL (which is emptied), or one of the session's own."""
    if given := os.environ.get("TEST_REDIS_URL"):
        yield given
        return
    try:
        with running_valkey() as broker:
            yield broker.url
    except NoValkey as reason:
        unavailable("a Valkey or Redis server", f"{reason} (or set TEST_REDIS_URL)")


@pytest.fixture
def broker_url(redis_url: str) -> str:
    """An empty broker."""
    address = redis_url.replace("redis+socket://", "unix://")
    with redis.Redis.from_url(address) as client:
        client.flushdb()
    return redis_url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server's maintenance database: TEST_POSTGRES_URL (whose user may create databases), or our own."""
    if given := os.environ.get("TEST_POSTGRES_URL"):
        yield Settings.from_environment({"BACKSWEEP_DATABASE_URL": given}).database_url
        return
    try:
        with running_postgres() as server:
            yield server.url
    except NoPostgres as reason:
        unavailable("a PostgreSQL server", f"{reason} (or set TEST_POSTGRES_URL)")


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """The name of a migrated database that every test's is copied from."""
    name = f"template_{uuid.uuid4().hex}"
    _migrate(create_database(postgres_url, name))
    yield name
    drop_database(postgres_url, name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file that every test's is copied from."""
    path = tmp_path_factory.mktemp("template") / "backsweep.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh migrated SQLite database."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'backsweep.db')}"


@pytest.fixture(scope="session")
def service(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with a worker on SQLite, for tests that talk to it from outside with sweeps of their own."""
    home = tmp_path_factory.mktemp("service")
    shutil.copy(sqlite_template, home / "backsweep.db")
    with running_service(home, f"sqlite:///{home / 'backsweep.db'}") as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh migrated database, once on each engine: a test that takes it runs twice."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    server = request.getfixturevalue("postgres_url")
    template = request.getfixturevalue("postgres_template")
    name = f"test_{uuid.uuid4().hex}"
    yield create_database(server, name, template)
    drop_database(server, name)


def _migrate(url: str) -> None:
    database = Database(url)
    upgrade(database)
    database.dispose()
