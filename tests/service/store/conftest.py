"""The store's own tests run on every database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.store.database import Database


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated, empty database of each kind."""
    database = Database(database_url)
    yield database
    database.dispose()
