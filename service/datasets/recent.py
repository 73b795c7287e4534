"""Tables that were read a moment ago are at hand: reading one takes longer than planning a sweep over it."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from service.datasets.table import Table


class RecentTables:
    """The tables used last, by identifiers that never come to mean another table; any thread may ask.

    A table's size is that of its canonical bytes; one that is larger than `most` altogether is not kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._tables: OrderedDict[str, tuple[int, Table]] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def get(self, key: str) -> Table | None:
        """The table, if it is still here."""
        with self._lock:
            if key not in self._tables:
                return None
            self._tables.move_to_end(key)
            return self._tables[key][1]

    def keep(self, key: str, size: int, table: Table) -> None:
        """Keep a table of so many bytes, and let go of those that nobody has asked for the longest."""
        with self._lock:
            if key in self._tables or size > self._most:
                return
            self._tables[key] = (size, table)
            self._size += size
            while self._size > self._most:
                _, (gone, _table) = self._tables.popitem(last=False)
                self._size -= gone
