"""The only clock is the database's: every lease and every stored time is read from it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


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
    moment = datetime.fromtimestamp(instant // 1000, tz=UTC)
    return f"{moment.isoformat()[:19]}.{instant % 1000:03d}Z"
