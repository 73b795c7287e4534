"""The database's clock, in milliseconds, on both kinds of database."""

from __future__ import annotations

import time

from sqlalchemy import select

from service.store.clock import now, rfc3339
from service.store.database import Database


def test_the_databases_clock_counts_milliseconds_since_1970(database_url: str) -> None:
    database = Database(database_url)
    before = time.time()
    with database.read() as session:
        read = session.scalar(select(now()))
    after = time.time()
    database.dispose()
    assert read is not None
    assert before - 1 <= read / 1000 <= after + 1


def test_times_leave_as_rfc3339_with_z_and_milliseconds() -> None:
    assert rfc3339(1_700_000_000_007) == "2023-11-14T22:13:20.007Z"
    assert rfc3339(None) is None
