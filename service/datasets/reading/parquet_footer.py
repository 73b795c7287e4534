"""A Parquet file's footer says how large it becomes; it is asked before anything is unpacked.

Source: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from service.datasets.reading.limits import Limits
from service.datasets.reading.thrift import Malformed, Reader
from service.errors import Fault, InvalidSubmission

MAGIC = b"PAR1"
ENCRYPTED = b"PARE"
TAIL = 8  # bytes: the footer's length and the magic
MAX_FOOTER = 16 * 2**20  # bytes; 10,000 columns with statistics in ten row groups
_COLUMN = {3: {5: None, 6: None}}  # ColumnChunk.meta_data: num_values, total_uncompressed_size
_FOOTER = {2: {4: None, 5: None}, 3: None, 4: {1: _COLUMN, 3: None}}  # schema, num_rows, row_groups


@dataclass(frozen=True, slots=True)
class Footer:
    """What the file says it holds."""

    rows: int
    columns: int
    unpacked: int  # bytes


def read_footer(path: Path, limits: Limits) -> Footer:
    """The footer of a file that is small enough to be unpacked.

    Raises:
        InvalidSubmission: it is no Parquet file, contradicts itself, or is too large by its own words.
    """
    try:
        footer = _footer(path)
    except Malformed as error:
        raise InvalidSubmission([Fault("body", f"is not a Parquet file that can be read: {error}")]) from None
    if footer.rows == 0:
        raise InvalidSubmission([Fault("body", "the table has no row", 0, "1 row or more")])
    limits.check(footer.rows, footer.columns)
    limits.check_content(footer.unpacked)
    return footer


def _footer(path: Path) -> Footer:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(len(MAGIC))
        if size < len(MAGIC) + TAIL or head not in (MAGIC, ENCRYPTED):
            raise Malformed(f"it does not begin with {MAGIC.decode()}")
        file.seek(size - TAIL)
        tail = file.read(TAIL)
        length = int.from_bytes(tail[:4], "little")
        if ENCRYPTED in (head, tail[4:]):
            raise Malformed("it is encrypted")
        if tail[4:] != MAGIC:
            raise Malformed(f"it does not end with {MAGIC.decode()}; was it cut off?")
        if not 0 < length <= min(size - TAIL - len(MAGIC), MAX_FOOTER):
            raise Malformed(f"its footer would have {length:,} bytes")
        file.seek(size - TAIL - length)
        return _checked(Reader(file.read(length)).struct(_FOOTER))


def _checked(found: dict[int, object]) -> Footer:
    schema, rows, groups = found.get(2), found.get(3), found.get(4, [])
    if (
        not isinstance(schema, list)
        or not schema
        or not isinstance(rows, int)
        or not isinstance(groups, list)
    ):
        raise Malformed("its footer lacks the schema or the number of rows")
    root = _count(schema[0], 5)
    if len(schema) != root + 1 or not root:
        raise Malformed("it has lists, or columns inside columns" if root else "it has no columns")
    unpacked = 0
    held = 0
    for group in groups:
        held += _count(group, 3)
        chunks = group.get(1) if isinstance(group, dict) else None
        if not isinstance(chunks, list) or len(chunks) != root:
            raise Malformed("a row group does not have every column")
        for chunk in chunks:
            meta = chunk.get(3) if isinstance(chunk, dict) else None
            if _count(meta, 5) != _count(group, 3):
                raise Malformed("a column does not have a value for every row")
            unpacked += _count(meta, 6)
    if held != rows:
        raise Malformed(f"it speaks of {rows:,} rows, and its parts hold {held:,}")
    return Footer(rows, root, unpacked)


def _count(struct: object, field: int) -> int:
    value = struct.get(field, 0) if isinstance(struct, dict) else None
    if not isinstance(value, int) or value < 0:
        raise Malformed("a count in its footer is not one")
    return value
