"""The one kind of statement for which SQLite and PostgreSQL differ: insert unless it is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import ClauseElement, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.store.models.base import Base


def insert_ignoring_duplicates(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert `rows`, leaving those that break a unique constraint as they are in the table."""
    if not rows:
        return
    dialect = session.get_bind().dialect.name
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(cast("Table", table.__table__)).on_conflict_do_nothing()
    if any(isinstance(value, ClauseElement) for value in rows[0].values()):
        for row in rows:  # SQL expressions cannot be bound row by row
            session.execute(statement.values(row))
    else:
        session.connection().execute(statement, list(rows))


def add_to_counts(session: Session, table: type[Base], rows: Sequence[dict[str, Any]], count: str) -> None:
    """Insert `rows`, or add their `count` to that of the row that has their primary key."""
    dialect = session.get_bind().dialect.name
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    for row in rows:
        statement = insert(cast("Table", table.__table__)).values(row)
        keys = [column.name for column in statement.table.primary_key]
        more = statement.table.c[count] + statement.excluded[count]
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_={count: more}))
