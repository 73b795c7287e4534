"""What a process made lately and may need again: bounded in bytes and number, the least recently used go."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """Values by key. Threads may share it; of two that miss at once each makes the value, and one is kept."""

    def __init__(self, *, most: int, most_bytes: int) -> None:
        """Keep up to `most` values that are said to take up to `most_bytes` together."""
        self._most, self._most_bytes = most, most_bytes
        self._kept: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Value], size_of: Callable[[Value], int]) -> Value:
        """The value of this key: kept, or made now. What `make` raises is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
        value = make()
        size = size_of(value)
        if size > self._most_bytes:
            return value
        with self._lock:
            self._let_go(key)
            self._kept[key] = (value, size)
            self._bytes += size
            while len(self._kept) > self._most or self._bytes > self._most_bytes:
                self._let_go(next(iter(self._kept)))
        return value

    def __contains__(self, key: Hashable) -> bool:
        """Whether the value of this key is kept."""
        return key in self._kept

    def __len__(self) -> int:
        """How many values are kept."""
        return len(self._kept)

    def _let_go(self, key: Hashable) -> None:
        if key in self._kept:
            self._bytes -= self._kept.pop(key)[1]
