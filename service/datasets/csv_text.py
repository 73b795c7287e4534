"""CSV text becomes a table by rules that do not depend on a locale or on luck.

The first line names the columns; fields are separated by commas and quoted as in RFC 4180. A column is of
numbers if every cell that is not missing is one in plain decimal or scientific notation, of booleans if every
one is `true` or `false` in any case, else of text. Missing is an empty cell or another of `cells.MISSING`.
Spaces around a cell do not count. Uploads, large or hostile as they may be, are read by
`service.datasets.reading`.
"""

from __future__ import annotations

import csv
import io

import numpy as np

from service.datasets.cells import MISSING, NUMBER
from service.datasets.table import Column, ColumnValues, Kind, Table
from service.errors import Fault, InvalidSubmission
from service.planning.plain_text import normalized


def read(text: str, *, name: str, licence: str = "", source: str = "") -> Table:
    """The table that this text holds.

    Raises: InvalidSubmission with the line of the first fault: a row of the wrong length, an unclosed quote,
    no rows.
    """
    header, rows = _records(text)
    cells = [[normalized(row[index].strip()) for row in rows] for index in range(len(header))]
    typed = [_typed(column) for column in cells]
    columns = tuple(Column(title, kind) for title, (kind, _) in zip(header, typed, strict=True))
    return Table(name, columns, tuple(values for _, values in typed), licence, source)


def _records(text: str) -> tuple[list[str], list[list[str]]]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        header = [normalized(title.strip()) for title in next(reader, [])]
        if not header:
            raise _fault(1, "a table needs a line that names its columns")
        rows: list[list[str]] = []
        for row in reader:
            if not row:
                continue  # an empty line, as many editors leave at the end
            if len(row) != len(header):
                raise _fault(reader.line_num, f"has {len(row)} fields; the header has {len(header)}")
            rows.append(row)
    except csv.Error as error:
        raise _fault(reader.line_num, f"is not CSV: {error}") from error
    if not rows:
        raise _fault(1, "a table needs at least one row below its header")
    return header, rows


def _fault(line: int, message: str) -> InvalidSubmission:
    return InvalidSubmission([Fault(f"line {line}", message)])


def _typed(cells: list[str]) -> tuple[Kind, ColumnValues]:
    known = [cell for cell in cells if cell not in MISSING]
    if all(NUMBER.fullmatch(cell) for cell in known):
        return "number", np.array([float("nan") if cell in MISSING else float(cell) for cell in cells])
    if all(cell.lower() in ("true", "false") for cell in known):
        return "boolean", tuple(None if cell in MISSING else cell.lower() == "true" for cell in cells)
    return "text", tuple(None if cell in MISSING else cell for cell in cells)
