"""Many rows in one statement, past SQLAlchemy's binding, which takes as long for a row as its insertion.

Values go to the driver as they are: numbers, texts, bytes, and documents as their JSON. SQLite, which is in
this process, takes them row by row; PostgreSQL column by column, each as one array.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import JSON, ColumnElement, Dialect, Table
from sqlalchemy.orm import Session
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from service.store.arrays import Element, element
from service.store.models.base import Base
from service.store.written_json import as_json

Rows = Sequence[tuple[Any, ...]]

MOST_BYTES = 1 << 24  # of texts and bytes in one statement, beside one row's: an array's limit is 1 GB


def insert_rows(
    session: Session,
    table: type[Base],
    columns: tuple[str, ...],
    rows: Rows,
    *,
    unless_there: bool = True,
) -> None:
    """Insert rows; those that break a unique constraint leave what is in the table as it is.

    Raises: IntegrityError if one does and is not to be left out so.
    """
    if not rows:
        return
    dialect = session.get_bind().dialect
    into = f"INSERT INTO {table.__tablename__} ({', '.join(columns)})"
    end = "ON CONFLICT DO NOTHING" if unless_there else ""
    if dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        _run(session, f"{into} VALUES ({marks}) {end}", list(rows))
        return
    elements = _elements(table, columns, dialect)
    types = cast("Table", table.__table__).c
    values = ", ".join(
        f"CAST({each} AS JSONB)" if isinstance(types[each].type, JSON) else each for each in columns
    )
    new = f"{_unnest(elements)} AS new ({', '.join(columns)})"
    statement = f"{into} SELECT {values} FROM {new} {end}"  # noqa: S608 - our own names
    for some in _portions(elements, rows):
        _run(session, statement, _packed(elements, some))


def insert_mappings(
    session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]], *, unless_there: bool = False
) -> None:
    """Insert rows that are given by the names of columns, all with the same ones, documents as they are.

    A column that is not named gets its default, if that is a plain value or the database's own.

    Raises: IntegrityError as `insert_rows` does.
    """
    if not rows:
        return
    names = tuple(rows[0])
    documents, defaults = _completion(table, names)
    added = tuple(defaults.values())
    values: list[tuple[Any, ...]] = []
    for row in rows:
        given = [row[name] for name in names]
        for place, none_is_null in documents:
            if given[place] is not None or not none_is_null:
                given[place] = as_json(given[place])
        values.append((*given, *added))
    insert_rows(session, table, (*names, *defaults), values, unless_there=unless_there)


@cache
def _completion(
    table: type[Base], names: tuple[str, ...]
) -> tuple[Sequence[tuple[int, bool]], Mapping[str, Any]]:
    """The places of documents, each with whether None is no document there, and the columns left out."""
    columns = cast("Table", table.__table__).c
    types = [(place, columns[name].type) for place, name in enumerate(names)]
    defaults: dict[str, Any] = {}
    for column in columns:
        if column.name not in names and isinstance(column.default, ScalarElementColumnDefault):
            value = column.default.arg
            defaults[column.name] = str(value) if isinstance(value, str) else value  # of an enumeration
    return [(place, each.none_as_null) for place, each in types if isinstance(each, JSON)], defaults


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
