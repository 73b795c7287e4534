"""A column of values as PostgreSQL's binary array: one parameter, however many rows there are."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.adapt import Dumper
from psycopg.pq import Format

_MISSING = b"\xff\xff\xff\xff"  # the length of a null


class Packed(bytes):
    """An array in PostgreSQL's binary form; the statement says its type by a cast."""


class PackedDumper(Dumper):
    """Sends an array as it is."""

    format = Format.BINARY

    def dump(self, obj: Any) -> bytes:
        """The array."""
        return bytes(obj)


@dataclass(frozen=True, slots=True)
class Element:
    """What a column's array holds: its type in SQL, PostgreSQL's number for that, and how values are written.

    `code` is that of `struct`, for numbers.
    """

    name: str
    oid: int
    code: str = ""
    write: Callable[[Any], bytes] = bytes

    def pack(self, values: Sequence[Any]) -> Packed:
        """An array of these values and nulls."""
        some = None in values
        head = struct.pack(">iiiii", 1, some, self.oid, len(values), 1)
        if self.code and not some:
            return Packed(head + self._numbers(values))
        return Packed(head + b"".join(map(self._one, values)))

    def _one(self, value: Any) -> bytes:
        if value is None:
            return _MISSING
        content = struct.pack(">" + self.code, value) if self.code else self.write(value)
        return struct.pack(">i", len(content)) + content

    def _numbers(self, values: Sequence[Any]) -> bytes:
        """Each number after its length; they are interleaved byte by byte of all at once."""
        size, count = struct.calcsize(">" + self.code), len(values)
        numbers = struct.pack(f">{count}{self.code}", *values)
        cells = bytearray((4 + size) * count)
        cells[3 :: 4 + size] = bytes([size]) * count
        for place in range(size):
            cells[4 + place :: 4 + size] = numbers[place::size]
        return bytes(cells)


_TEXT = Element("TEXT", 25, write=lambda value: str(value).encode())
ELEMENTS: Mapping[str, Element] = {
    "BIGINT": Element("BIGINT", 20, "q"),
    "INTEGER": Element("INTEGER", 23, "i"),
    "DOUBLE PRECISION": Element("DOUBLE PRECISION", 701, "d"),
    "BOOLEAN": Element("BOOLEAN", 16, "?"),
    "BYTEA": Element("BYTEA", 17),
    "TEXT": _TEXT,
    "VARCHAR": _TEXT,
    "JSONB": _TEXT,  # a document is given as its text
}


def element(sql_type: str) -> Element:
    """What an array for a column of this type holds."""
    return ELEMENTS[sql_type.partition("(")[0]]
