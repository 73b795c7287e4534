"""The part of Thrift's compact protocol that a Parquet footer needs, read within the bytes that are there.

Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 24
TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)

# Which fields of a struct are wanted: by number, what is wanted of the struct or of the list's structs there.
Wanted = Mapping[int, Any]


class Malformed(ValueError):
    """The bytes are no such structure."""


class Reader:
    """Reads structs from bytes; what nobody wants is passed over and takes no memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def struct(self, wanted: Wanted, depth: int = 0) -> dict[int, Any]:
        """The wanted fields of the struct that begins here.

        Raises:
            Malformed: it ends too early, or holds what no struct can.
        """
        if depth > MAX_DEPTH:
            raise Malformed("it is nested too deeply")
        found: dict[int, Any] = {}
        field = 0
        while head := self._byte():
            delta, kind = head >> 4, head & 15
            field = field + delta if delta else self._zigzag()
            if kind in (TRUE, FALSE):  # in the head itself; no such field is wanted
                continue
            value = self._value(kind, wanted.get(field), depth + 1)
            if field in wanted:
                found[field] = value
        return found

    def _value(self, kind: int, wanted: Any, depth: int) -> Any:
        if kind in (I16, I32, I64):
            return self._zigzag()
        if kind == BINARY:
            return self._bytes(self._varint())
        if kind == BYTE:
            return self._byte()
        if kind == DOUBLE:
            return self._bytes(8)
        if kind in (LIST, SET):
            return self._list(wanted, depth)
        if kind == STRUCT:
            return self.struct(wanted or {}, depth)
        raise Malformed(f"it holds a value of kind {kind}")

    def _list(self, wanted: Any, depth: int) -> list[Any]:
        head = self._byte()
        count, kind = head >> 4, head & 15
        if count == 15:
            count = self._varint()
        if count > len(self._data) - self._place:  # each takes a byte or more
            raise Malformed("a list is longer than what is left")
        if kind in (TRUE, FALSE):
            self._bytes(count)
            return []
        values = []
        for _ in range(count):
            value = self._value(kind, wanted, depth)
            if wanted is not None:
                values.append(value)
        return values

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _bytes(self, count: int) -> bytes:
        end = self._place + count
        if end > len(self._data):
            raise Malformed("it ends too early")
        taken = self._data[self._place : end]
        self._place = end
        return taken

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise Malformed("a number has more than 64 bits")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
