"""Many rows in one statement, past SQLAlchemy's binding, which takes as long for a row as its insertion.

Values go to the driver as they are: numbers, texts, bytes, and documents as their JSON. SQLite, which is in
this process, takes them row by row; PostgreSQL column by column, each as one array.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Dialect, Table
from sqlalchemy.orm import Session

from service.store.arrays import Element, element
from service.store.models.base import Base

Rows = Sequence[tuple[Any, ...]]

MOST_BYTES = 1 << 24  # of texts and bytes in one statement, beside one row's: an array's limit is 1 GB


def insert_rows(session: Session, table: type[Base], columns: tuple[str, ...], rows: Rows) -> None:
    """Insert rows, leaving those that break a unique constraint as they are in the table."""
    if not rows:
        return
    dialect = session.get_bind().dialect
    into = f"INSERT INTO {table.__tablename__} ({', '.join(columns)})"
    if dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        _run(session, f"{into} VALUES ({marks}) ON CONFLICT DO NOTHING", list(rows))
        return
    elements = _elements(table, columns, dialect)
    statement = f"{into} SELECT * FROM {_unnest(elements)} ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
    for some in _portions(elements, rows):
        _run(session, statement, _packed(elements, some))


def update_rows(
    session: Session,
    table: type[Base],
    columns: tuple[str, ...],
    rows: Rows,
    *,
    where: Mapping[str, Any],
    also: Mapping[str, ColumnElement[Any]],
) -> None:
    """Set columns of rows: a row's first value is the `id` of the one that it changes.

    Left alone is whatever is not as `where` says; `also` are columns that all of them get alike.
    """
    if not rows:
        return
    dialect, name = session.get_bind().dialect, table.__tablename__
    others = [f"{column} = {value.compile(dialect=dialect)}" for column, value in also.items()]
    if dialect.name == "sqlite":
        setting = ", ".join([*(f"{column} = ?" for column in columns), *others])
        held = " AND ".join(f"{column} = ?" for column in ("id", *where))
        given = [(*row[1:], row[0], *where.values()) for row in rows]
        _run(session, f"UPDATE {name} SET {setting} WHERE {held}", given)  # noqa: S608 - our own names
        return
    types = cast("Table", table.__table__).c
    elements = _elements(table, ("id", *columns), dialect)
    setting = ", ".join(
        [*(f"{each} = CAST(new.{each} AS {types[each].type.compile(dialect)})" for each in columns), *others]
    )
    held = " AND ".join([f"{name}.id = new.id", *(f"{name}.{column} = %s" for column in where)])
    new = f"{_unnest(elements)} AS new (id, {', '.join(columns)})"
    statement = f"UPDATE {name} SET {setting} FROM {new} WHERE {held}"  # noqa: S608 - our own names
    for some in _portions(elements, rows):
        _run(session, statement, (*_packed(elements, some), *where.values()))


def _run(session: Session, statement: str, values: Any) -> None:
    session.connection().exec_driver_sql(statement, values)


@cache
def _elements(table: type[Base], columns: tuple[str, ...], dialect: Dialect) -> tuple[Element, ...]:
    types = cast("Table", table.__table__).c
    return tuple(element(types[column].type.compile(dialect)) for column in columns)


def _unnest(elements: Sequence[Element]) -> str:
    return f"unnest({', '.join(f'CAST(%s AS {each.name}[])' for each in elements)})"


def _portions(elements: Sequence[Element], rows: Rows) -> Iterator[Rows]:
    """The rows in pieces whose texts and bytes are few enough for one statement."""
    large = [place for place, each in enumerate(elements) if not each.code]
    start = size = 0
    for end, row in enumerate(rows if large else ()):
        of_row = sum(len(row[place] or b"") for place in large)
        if size + of_row > MOST_BYTES and end > start:
            yield rows[start:end]
            start, size = end, 0
        size += of_row
    yield rows[start:]


def _packed(elements: Sequence[Element], rows: Rows) -> tuple[bytes, ...]:
    return tuple(each.pack(column) for each, column in zip(elements, zip(*rows, strict=True), strict=True))
