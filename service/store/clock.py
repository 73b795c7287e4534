"""The only clock is the database's: every lease and every stored time is read from it."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

EPOCH = date(1970, 1, 1)


class now(GenericFunction[int]):  # noqa: N801 - it reads as the SQL function it is
    """The database's present time in milliseconds since 1970-01-01T00:00Z.

    On PostgreSQL this is `clock_timestamp()`: its `now()` stands still within a transaction, and a lease
    must be counted from the moment it is taken.
    """

    type = BigInteger()
    inherit_cache = True
    name = "backsweep_now"


@compiles(now, "sqlite")
def _sqlite_now(_element: now, _compiler: Any, **_options: Any) -> str:
    return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)"


@compiles(now, "postgresql")
def _postgresql_now(_element: now, _compiler: Any, **_options: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"


def rfc3339(instant: int | None) -> str | None:
    """The form in which times leave the service: RFC 3339 with Z and milliseconds."""
    if instant is None:
        return None
    day, second = divmod(instant // 1000, 86_400)
    time = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
    return f"{_date(day)}T{time}.{instant % 1000:03d}Z"


@lru_cache(maxsize=64)
def _date(day: int) -> str:
    """Kept, because a page of runs has 2,000 times of few days."""
    return (EPOCH + timedelta(days=day)).isoformat()
