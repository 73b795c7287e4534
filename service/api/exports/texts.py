"""Exports as text, piece by piece: CSV for spreadsheets and programs, JSON Lines for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isfinite
from typing import Any

from service.planning.export_columns import Kind
from service.planning.measurements import json_number

Names = Sequence[tuple[str, Kind]]
Pieces = Iterable[Sequence[Sequence[Any]]]

# A cell of text that begins so is a formula to spreadsheets (OWASP: CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_pieces(columns: Names, pieces: Pieces) -> Iterator[bytes]:
    """CSV (RFC 4180, UTF-8): a line of names, then the rows.

    An empty cell is no value; numbers that are not finite are NaN, Infinity and -Infinity; flags are true and
    false. Text that a spreadsheet would take for a formula has an apostrophe in front.
    """
    cells = [_CELLS[kind] for _name, kind in columns]
    yield _lines([[name for name, _kind in columns]])
    for rows in pieces:
        if rows:
            yield _lines([[cell(value) for cell, value in zip(cells, row, strict=True)] for row in rows])


def json_lines(columns: Names, pieces: Pieces) -> Iterator[bytes]:
    """One object on each line; what has no value is null, and numbers that are not finite are strings."""
    names = [name for name, _kind in columns]
    numbers = [kind is Kind.NUMBER for _name, kind in columns]
    for rows in pieces:
        yield "".join(
            json.dumps(
                {
                    name: _number(value) if number else value
                    for name, number, value in zip(names, numbers, row, strict=True)
                },
                ensure_ascii=False,
                separators=(",", ":"),
                allow_nan=False,
            )
            + "\n"
            for row in rows
        ).encode()


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _text(value: str | None) -> str | None:
    return f"'{value}" if value is not None and value.startswith(FORMULA) else value


def _flag(value: bool | None) -> str | None:
    return None if value is None else "true" if value else "false"


def _number(value: float | None) -> float | str | None:
    return value if value is None or isfinite(value) else json_number(value)


def _same(value: Any) -> Any:
    return value


_CELLS: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _text,
    Kind.FLAG: _flag,
    Kind.INTEGER: _same,
    Kind.NUMBER: _number,
}
