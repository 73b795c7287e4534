"""Rows as the driver has them: making SQLAlchemy's of thousands takes longer than reading them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.pq import Format
from sqlalchemy import Engine, Select, event
from sqlalchemy.orm import Session

RAW = "backsweep_raw"


def raw_rows(session: Session, statement: Select[*tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    """All rows of a statement whose columns need no conversion: numbers, texts, flags that may be 0 and 1."""
    result = session.connection().execute(statement.execution_options(**{RAW: True}))
    cursor: Any = result.cursor
    rows: Sequence[tuple[Any, ...]] = cursor.fetchall()
    result.close()
    return rows


def send_raw_rows_in_binary(engine: Engine) -> None:
    """Let psycopg ask for them so: by default it asks for text, which becomes numbers half as fast."""
    event.listen(engine, "before_cursor_execute", _in_binary)


def _in_binary(_connection: Any, cursor: Any, _text: str, _values: Any, context: Any, _many: bool) -> None:
    if context is not None and context.execution_options.get(RAW):
        cursor.format = Format.BINARY
