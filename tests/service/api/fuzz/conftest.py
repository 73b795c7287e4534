"""The running application over a store that has something of everything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from service.store.database import Database
from tests.service.api.fuzz.stored import Stored, client_of, copy_of, fill, settings_over


@pytest.fixture(scope="module")
def filled(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TestClient, Stored]]:
    """The running application, and what it has stored."""
    folder = tmp_path_factory.mktemp("fuzz")
    url = copy_of(sqlite_template, folder)
    database = Database(url)
    stored = fill(database, folder)
    database.dispose()
    with client_of(settings_over(url, folder)) as client:
        yield client, stored
