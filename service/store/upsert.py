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


def insert_numbers_ignoring_duplicates(
    session: Session,
    table: type[Base],
    columns: Sequence[str],
    rows: Sequence[tuple[int | float | None, ...]],
) -> None:
    """Insert rows of finite numbers and nulls.

    PostgreSQL takes them column by column, each as the text of an array: less than half of what its driver
    takes for rows.
    """
    if not rows or session.get_bind().dialect.name == "sqlite":
        insert_tuples_ignoring_duplicates(session, table, columns, rows)
        return
    dialect = session.get_bind().dialect
    types = [cast("Table", table.__table__).c[name].type.compile(dialect) for name in columns]
    arrays = ", ".join(f"CAST(%s AS {type_}[])" for type_ in types)
    statement = (
        f"INSERT INTO {table.__tablename__} ({', '.join(columns)}) "  # noqa: S608 - names of our own schema
        f"SELECT * FROM unnest({arrays}) ON CONFLICT DO NOTHING"
    )
    literals = tuple(
        "{" + ",".join(["NULL" if value is None else repr(value) for value in column]) + "}"
        for column in zip(*rows, strict=True)
    )
    session.connection().exec_driver_sql(statement, literals)


def insert_tuples_ignoring_duplicates(
    session: Session, table: type[Base], columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows of plain numbers and bytes, which go to the driver as they are.

    SQLAlchemy's binding of a row takes as long as its insertion, and there are thousands of these a second.
    """
    if not rows:
        return
    mark = "?" if session.get_bind().dialect.paramstyle == "qmark" else "%s"
    statement = (
        f"INSERT INTO {table.__tablename__} ({', '.join(columns)}) "  # noqa: S608 - names of our own schema
        f"VALUES ({', '.join([mark] * len(columns))}) ON CONFLICT DO NOTHING"
    )
    session.connection().exec_driver_sql(statement, list(rows))


def add_to_counts(session: Session, table: type[Base], rows: Sequence[dict[str, Any]], count: str) -> None:
    """Insert `rows`, or add their `count` to that of the row that has their primary key."""
    dialect = session.get_bind().dialect.name
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    for row in rows:
        statement = insert(cast("Table", table.__table__)).values(row)
        keys = [column.name for column in statement.table.primary_key]
        more = statement.table.c[count] + statement.excluded[count]
        session.execute(statement.on_conflict_do_update(index_elements=keys, set_={count: more}))
