"""Expressions that SQLite and PostgreSQL write differently and mean alike."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ColumnElement, Double, SQLColumnExpression, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import Boolean, TypeEngine

Function = FunctionElement[Any]


def _function(name: str, type_: TypeEngine[Any]) -> type[Function]:
    """A function of ours, which each database is told in its own words below."""
    # SQLAlchemy asks each class of its own whether its statements may be kept.
    return type(name, (FunctionElement,), {"type": type_, "inherit_cache": True, "name": f"backsweep_{name}"})


# The number at a path of a JSON column; null where there is none, or a text such as NaN.
json_number = _function("json_number", Double())
# The text of the value at a path of a JSON column; null where there is none.
json_text = _function("json_text", Text())
# The text under a name in a JSON column that maps names to texts; null where there is none.
json_member = _function("json_member", Text())
# The same under a name that SQLite's paths can hold: that reads equal texts that follow each other once.
json_plain_member = _function("json_plain_member", Text())
# LIKE that tells small letters from capitals, and LIKE that does not, without an escape character.
matches = _function("matches", Boolean())
matches_in_any_case = _function("matches_in_any_case", Boolean())


def number_at(column: SQLColumnExpression[Any], *path: str) -> ColumnElement[float]:
    """The number that stands at `path` in a JSON column."""
    return json_number(column, _sqlite_path(path), _postgres_path(path))


def text_at(column: SQLColumnExpression[Any], *path: str) -> ColumnElement[str]:
    """What stands at `path` in a JSON column, as text."""
    return json_text(column, _sqlite_path(path), _postgres_path(path))


def member(column: SQLColumnExpression[Any], name: str) -> ColumnElement[str]:
    """The text under a name of any characters, in a JSON column that maps names to texts."""
    if re.fullmatch(r"[A-Za-z0-9_ .:-]+", name):
        return json_plain_member(column, _sqlite_path((name,)), _text(name))
    return json_member(column, _text(name))


def like(column: SQLColumnExpression[Any], pattern: str) -> ColumnElement[bool]:
    """Where the column is like the pattern, in which % and _ are wildcards and nothing else is special."""
    return matches(column, _text(pattern), _text(_as_glob(pattern)))


def like_in_any_case(column: SQLColumnExpression[Any], pattern: str) -> ColumnElement[bool]:
    """The same for small letters and capitals alike: those of ASCII at least."""
    return matches_in_any_case(column, _text(pattern))


def _text(value: str) -> ColumnElement[str]:
    return bindparam(None, value, type_=Text(), unique=True)


def _sqlite_path(path: tuple[str, ...]) -> ColumnElement[str]:
    return _text("$" + "".join(f'."{name}"' for name in path))


def _postgres_path(path: tuple[str, ...]) -> ColumnElement[str]:
    return _text("{" + ",".join(f'"{name}"' for name in path) + "}")


def _as_glob(pattern: str) -> str:
    """The same pattern for SQLite's GLOB, which is exact where its LIKE is not."""
    return "".join({"%": "*", "_": "?"}.get(c, f"[{c}]" if c in "*?[" else c) for c in pattern)


@compiles(json_number, "sqlite")
def _sqlite_number(element: Function, compiler: Any, **options: Any) -> str:
    column, path, _ = (compiler.process(each, **options) for each in element.clauses)
    is_number = f"json_type({column}, {path}) IN ('real', 'integer')"
    return f"CASE WHEN {is_number} THEN json_extract({column}, {path}) END"


@compiles(json_number, "postgresql")
def _postgresql_number(element: Function, compiler: Any, **options: Any) -> str:
    column, _, path = (compiler.process(each, **options) for each in element.clauses)
    at = f"CAST({path} AS TEXT[])"
    return (
        f"CASE WHEN jsonb_typeof({column} #> {at}) = 'number' "
        f"THEN CAST({column} #>> {at} AS DOUBLE PRECISION) END"
    )


@compiles(json_text, "sqlite")
def _sqlite_text(element: Function, compiler: Any, **options: Any) -> str:
    column, path, _ = (compiler.process(each, **options) for each in element.clauses)
    return (
        f"CASE json_type({column}, {path}) WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' "
        f"ELSE json_extract({column}, {path}) END"
    )


@compiles(json_text, "postgresql")
def _postgresql_text(element: Function, compiler: Any, **options: Any) -> str:
    column, _, path = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} #>> CAST({path} AS TEXT[]))"


@compiles(matches, "sqlite")
def _sqlite_matches(element: Function, compiler: Any, **options: Any) -> str:
    column, _, glob = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} GLOB {glob})"


@compiles(matches, "postgresql")
def _postgresql_matches(element: Function, compiler: Any, **options: Any) -> str:
    column, pattern, _ = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} LIKE {pattern} ESCAPE '')"


@compiles(matches_in_any_case, "sqlite")
def _sqlite_in_any_case(element: Function, compiler: Any, **options: Any) -> str:
    column, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} LIKE {pattern})"


@compiles(matches_in_any_case, "postgresql")
def _postgresql_in_any_case(element: Function, compiler: Any, **options: Any) -> str:
    column, pattern = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} ILIKE {pattern} ESCAPE '')"


@compiles(json_member, "sqlite")
def _sqlite_member(element: Function, compiler: Any, **options: Any) -> str:
    column, name = (compiler.process(each, **options) for each in element.clauses)
    return f"(SELECT value FROM json_each({column}) WHERE key = {name})"  # noqa: S608 - names of columns


@compiles(json_member, "postgresql")
def _postgresql_member(element: Function, compiler: Any, **options: Any) -> str:
    column, name = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} ->> {name})"


@compiles(json_plain_member, "sqlite")
def _sqlite_plain_member(element: Function, compiler: Any, **options: Any) -> str:
    column, path, _ = (compiler.process(each, **options) for each in element.clauses)
    return f"json_extract({column}, {path})"


@compiles(json_plain_member, "postgresql")
def _postgresql_plain_member(element: Function, compiler: Any, **options: Any) -> str:
    column, _, name = (compiler.process(each, **options) for each in element.clauses)
    return f"({column} ->> {name})"
