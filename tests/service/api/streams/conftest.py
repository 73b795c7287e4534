"""The application, served over a database of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store.database import Database
from tests.service.api.streams.serving import Served, served, settings_over


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database of each kind."""
    database = Database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Served]:
    """The application over that database."""
    with served(settings_over(database_url, str(tmp_path))) as site:
        yield site


@pytest.fixture
def sqlite_site(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[Served, Database]]:
    """The application over a file."""
    database = Database(sqlite_url)
    with served(settings_over(sqlite_url, str(tmp_path))) as site:
        yield site, database
    database.dispose()
