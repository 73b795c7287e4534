"""Two workers of one machine under one name would free each other's leases: the second does not start."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from service.lifecycle.workers import ALIVE_SECONDS, register_worker, worker_stopped
from service.settings import Settings
from service.store.clock import now
from service.store.database import Database
from service.store.schema import Worker
from worker.names import NameInUse, require_free

NAME = "w1@here"


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Of workers for the test's database."""
    return Settings.from_environment({"BACKSWEEP_DATABASE_URL": database_url})


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The test's database."""
    found = Database(database_url)
    yield found
    found.dispose()


def _register(database: Database, process_id: int, host: str | None = None) -> None:
    host = host or socket.gethostname()
    database.run(
        lambda session: register_worker(session, name=NAME, host=host, process_id=process_id, environment={})
    )


def _ended() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_the_name_of_a_living_process_is_refused(database: Database, settings: Settings) -> None:
    _register(database, os.getppid())
    with pytest.raises(NameInUse, match=f"{NAME} is that of process {os.getppid()}.*under another name"):
        require_free(settings, NAME)
    require_free(settings, "w2@here")


@pytest.mark.parametrize(
    ("process_id", "host"),
    [
        pytest.param(os.getpid(), None, id="its own"),
        pytest.param(None, None, id="one that ended"),
        pytest.param(os.getppid(), "elsewhere", id="another machine's"),
    ],
)
def test_the_name_of_nobody_else_is_free(
    database: Database, settings: Settings, process_id: int | None, host: str | None
) -> None:
    _register(database, process_id or _ended(), host)
    require_free(settings, NAME)


def test_a_name_is_free_once_its_worker_stopped_or_was_not_seen_for_long(
    database: Database, settings: Settings
) -> None:
    _register(database, os.getppid())
    database.run(lambda session: worker_stopped(session, NAME))
    require_free(settings, NAME)
    _register(database, os.getppid())
    long_ago: Any = now() - round(ALIVE_SECONDS * 1000) - 1
    with database.write() as session:
        session.execute(update(Worker).values(last_seen_at=long_ago))
    require_free(settings, NAME)


def test_a_database_that_is_not_there_yet_refuses_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nowhere' / 'backsweep.db'}"
    require_free(Settings.from_environment({"BACKSWEEP_DATABASE_URL": url}), NAME)
