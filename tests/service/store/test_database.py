"""A unit of work outlives what a database server does now and then, and nothing waits for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from service.store.database import PAUSES, POSTGRES_SESSION, POSTGRES_TIMEOUTS, Database
from tests.servers.missing import unavailable
from tests.servers.postgres import NoPostgres, PostgresServer, running_postgres


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server that may be crashed."""
    try:
        with running_postgres() as server:
            yield server
    except NoPostgres as reason:
        unavailable("a PostgreSQL server", str(reason))


def test_a_unit_of_work_is_done_again_when_the_server_is_back(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(server.url)
    attempts, pauses = [], []

    def unit(session: Session) -> int:
        attempts.append(session)
        if len(attempts) == 1:
            server.crash()
        return int(session.scalar(text("SELECT 42")) or 0)

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:  # until then not even a connection can be made
            server.start()

    monkeypatch.setattr("service.store.database.sleep", pause)
    assert database.run(unit) == 42
    assert pauses == list(PAUSES[:3])
    assert len(attempts) == 4
    database.dispose()


def test_a_server_that_stays_away_is_told_about_in_the_end(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(server.url)
    pauses: list[float] = []
    monkeypatch.setattr("service.store.database.sleep", pauses.append)
    server.crash()
    with pytest.raises(OperationalError):
        database.run(lambda session: session.scalar(text("SELECT 42")))
    assert pauses == list(PAUSES)
    database.dispose()


def test_what_would_fail_again_is_not_tried_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("service.store.database.sleep", pauses.append)
    with pytest.raises(DBAPIError):
        database.run(lambda session: session.execute(text("SELECT nonsense")))
    assert pauses == []


def test_a_connection_to_postgresql_gives_a_silent_server_up(postgres_url: str) -> None:
    database = Database(postgres_url)
    with database.engine.connect() as connection:
        assert _parameters(connection).items() >= {k: str(v) for k, v in POSTGRES_TIMEOUTS.items()}.items()
    database.dispose()


def test_the_url_may_say_how_patient_a_connection_is(postgres_url: str) -> None:
    database = Database(f"{postgres_url}&tcp_user_timeout=777")
    with database.engine.connect() as connection:
        assert _parameters(connection)["tcp_user_timeout"] == "777"
    database.dispose()


def test_the_server_is_told_to_give_a_silent_program_up(postgres_url: str) -> None:
    database = Database(postgres_url)
    with database.read() as session:
        told = session.scalars(text("SELECT name FROM pg_settings WHERE source = 'session'")).all()
    assert POSTGRES_SESSION.keys() <= set(told)
    database.dispose()


def test_a_transaction_that_stands_still_gives_its_locks_up(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = Database(postgres_url)
    with patient.write() as session:
        session.execute(text("CREATE TABLE locked AS SELECT 1 AS value"))
    monkeypatch.setitem(POSTGRES_SESSION, "idle_in_transaction_session_timeout", "50")
    frozen = Database(postgres_url)
    with pytest.raises(DBAPIError), frozen.write() as session:  # noqa: PT012 - its end fails, too
        session.execute(text("UPDATE locked SET value = 2"))
        assert patient.run(lambda other: other.scalar(text("SELECT value FROM locked FOR UPDATE"))) == 1
        session.execute(text("UPDATE locked SET value = 3"))
    frozen.dispose()
    patient.dispose()


def _parameters(connection: Connection) -> dict[str, str]:
    driver = connection.connection.driver_connection
    assert driver is not None
    found: dict[str, str] = driver.info.get_parameters()
    return found


def test_a_file_is_mapped_again_after_what_was_read_of_it_without(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/store.db")

    def mapped_bytes(*, mapped: bool = True) -> int:
        with database.read(mapped=mapped) as session:
            return int(session.scalar(text("PRAGMA mmap_size")) or 0)

    whole = mapped_bytes()
    assert whole > 0
    assert [mapped_bytes(mapped=mapped) for mapped in (False, False, True)] == [0, 0, whole]
    database.dispose()
