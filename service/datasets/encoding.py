r"""A table's content has exactly one sequence of bytes, whatever machine wrote it.

The bytes are, in this order:

- the line `backsweep table 1` and a line end (`\n`);
- one line of JSON without spaces, keys sorted, every character outside ASCII escaped:
  `{"columns":[{"kind":"number","name":"x"}],"rows":150}`, and a line end;
- the columns, one after the other. Numbers: float64, little-endian, missing as the quiet NaN
  0x7ff8000000000000, no minus zero. Booleans: a byte, 0 false, 1 true, 2 missing. Text: for each row the
  length in bytes of its UTF-8 as an unsigned 32-bit little-endian number, 0xffffffff for missing; after all
  lengths the bytes of all rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

MAGIC = b"backsweep table 1\n"
_MISSING_TEXT = 0xFFFFFFFF
_MISSING_BOOLEAN = 2

Values = NDArray[np.float64] | tuple[str | None, ...] | tuple[bool | None, ...]


def encode(columns: Sequence[tuple[str, str]], values: Sequence[Values]) -> bytes:
    """The canonical bytes of columns, given as (name, kind) and already canonical values (see `Table`)."""
    return b"".join(
        [
            encode_header(columns, len(values[0])),
            *(
                part
                for (_, kind), cells in zip(columns, values, strict=True)
                for part in _encode(kind, cells)
            ),
        ]
    )


def encode_header(columns: Sequence[tuple[str, str]], rows: int) -> bytes:
    """What stands before the columns' values."""
    names = [{"kind": kind, "name": name} for name, kind in columns]
    header = json.dumps({"columns": names, "rows": rows}, sort_keys=True, separators=(",", ":"))
    return MAGIC + header.encode("ascii") + b"\n"


def encode_column(kind: str, cells: Values) -> bytes:
    """The bytes of one column's values."""
    return b"".join(_encode(kind, cells))


def _encode(kind: str, cells: Values) -> Iterator[bytes]:
    if isinstance(cells, np.ndarray):
        yield cells.astype("<f8").tobytes()
    elif kind == "boolean":
        yield bytes(_MISSING_BOOLEAN if cell is None else int(bool(cell)) for cell in cells)
    else:
        texts = [None if cell is None else str(cell).encode("utf-8") for cell in cells]
        lengths = [_MISSING_TEXT if text is None else len(text) for text in texts]
        yield np.array(lengths, dtype="<u4").tobytes()
        yield from (text for text in texts if text is not None)


def decode(encoded: bytes) -> tuple[list[tuple[str, str]], list[Values]]:
    """Columns as (name, kind) and their values.

    Raises: ValueError if the bytes are no encoded table, or some are missing or left over. They come from
    our own store, so this is damage, not a mistake of whoever sent the table.
    """
    if not encoded.startswith(MAGIC):
        raise ValueError(f"a stored table starts with {MAGIC!r}, not {encoded[: len(MAGIC)]!r}")
    end = encoded.index(b"\n", len(MAGIC))
    header = json.loads(encoded[len(MAGIC) : end])
    rows = int(header["rows"])
    columns = [(str(column["name"]), str(column["kind"])) for column in header["columns"]]
    reader = _Reader(encoded, end + 1)
    values = [_decode_column(reader, kind, rows) for _, kind in columns]
    if reader.offset != len(encoded):
        raise ValueError(f"a stored table has {len(encoded) - reader.offset} bytes too many")
    return columns, values


class _Reader:
    def __init__(self, encoded: bytes, offset: int) -> None:
        self._encoded = encoded
        self.offset = offset

    def take(self, count: int) -> bytes:
        if self.offset + count > len(self._encoded):
            raise ValueError(f"a stored table ends at byte {len(self._encoded)}, within its values")
        self.offset += count
        return self._encoded[self.offset - count : self.offset]


def _decode_column(reader: _Reader, kind: str, rows: int) -> Values:
    if kind == "number":
        return np.frombuffer(reader.take(8 * rows), dtype="<f8").astype(np.float64)
    if kind == "boolean":
        return tuple(None if byte == _MISSING_BOOLEAN else bool(byte) for byte in reader.take(rows))
    lengths = np.frombuffer(reader.take(4 * rows), dtype="<u4").tolist()
    return tuple(
        None if length == _MISSING_TEXT else reader.take(length).decode("utf-8") for length in lengths
    )
