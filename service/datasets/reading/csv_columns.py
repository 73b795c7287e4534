"""A CSV file becomes typed columns: its structure is checked first, then Polars reads the fields."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from service.datasets.reading.dialect import check_text, read_dialect
from service.datasets.reading.limits import MAX_FAULTS, Decimal, Limits
from service.datasets.reading.names import repaired
from service.datasets.reading.source import Source
from service.datasets.reading.structure import Structure, scan
from service.datasets.reading.typed import TypedColumn, from_texts
from service.errors import Fault, InvalidSubmission

CELLS_AT_ONCE = 5_000_000  # read as text, 16 bytes each and what does not fit into them


def open_csv(data: bytes, limits: Limits, decimal: Decimal | None) -> Source:
    """The table in these bytes; its columns are typed one by one as they are asked for.

    Raises:
        InvalidSubmission: what is wrong with its bytes, header or records.
    """
    check_text(data)
    data = _with_line_feeds(data)
    dialect = read_dialect(data, limits)
    width = len(dialect.titles)
    separator = dialect.separator
    structure = scan(
        data,
        start=dialect.start,
        line=dialect.line,
        separator=ord(separator),
        columns=width,
        limits=limits,
    )
    if structure.records == 0:
        raise InvalidSubmission([Fault("body", "the table has no row below its header", 0, "1 row or more")])
    names, remarks = repaired(dialect.titles)
    # The header is replaced, so that no first bytes of the body are taken for a compressed file's.
    parts = [
        separator.join(f"c{i}" for i in range(width)).encode(),
        b"\n",
        *_pieces(data, dialect.start, structure),
    ]
    body = b"".join(parts)
    return Source(
        rows=structure.records,
        names=names,
        columns=_columns(body, separator, names, structure.records, decimal),
        remarks=remarks,
    )


def _with_line_feeds(data: bytes) -> bytes:
    return data.replace(b"\r", b"\n") if b"\r" in data and b"\n" not in data else data


def _pieces(data: bytes, start: int, structure: Structure) -> Iterator[bytes]:
    for begin, end in structure.empty:
        yield data[start:begin]
        start = end
    yield data[start:]


def _columns(
    body: bytes, separator: str, names: tuple[str, ...], rows: int, decimal: Decimal | None
) -> Iterator[TypedColumn]:
    """Typed columns in order. Every column that is at fault is told, not only the first."""
    faults: list[Fault] = []
    group = max(1, CELLS_AT_ONCE // rows)
    for first in range(0, len(names), group):
        indices = list(range(first, min(first + group, len(names))))
        frame = pl.read_csv(
            body,
            columns=indices,
            separator=separator,
            infer_schema=False,
            low_memory=True,
            glob=False,
        )
        if frame.shape != (rows, len(indices)):
            raise RuntimeError(f"{rows} records of {len(indices)} columns were read as {frame.shape}")
        for index in indices:
            try:
                yield from_texts(index, names[index], frame.drop_in_place(f"c{index}"), decimal)
            except InvalidSubmission as error:
                faults += error.faults
                if len(faults) >= MAX_FAULTS:
                    raise InvalidSubmission(faults) from None
    if faults:
        raise InvalidSubmission(faults)
