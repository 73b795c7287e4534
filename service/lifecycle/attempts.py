"""Guesses are slowed down by address and altogether, in a bounded part of one process's memory."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

PER_ADDRESS = 10  # failures at once; then one every six seconds
TOGETHER = 100
REFILL_SECONDS = 60.0  # in which a whole bucket comes back
MOST_ADDRESSES = 10_000

Bucket = tuple[float, float]  # failures that are still held against it, and since when


class Attempts:
    """Leaky buckets of failures; of the addresses the least recent ones are forgotten first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._together: Bucket = (0.0, clock())
        self._addresses: OrderedDict[str, Bucket] = OrderedDict()

    def wait(self, address: str) -> int:
        """Whole seconds until this address may try; 0 if now."""
        moment = self._clock()
        with self._lock:
            seconds = [
                _seconds(self._together, TOGETHER, moment),
                _seconds(self._addresses.get(address, (0.0, moment)), PER_ADDRESS, moment),
            ]
        return math.ceil(max(seconds))

    def failed(self, address: str) -> None:
        """Hold one failure against an address, and against all."""
        moment = self._clock()
        with self._lock:
            self._together = _with_one_more(self._together, TOGETHER, moment)
            before = self._addresses.pop(address, (0.0, moment))
            self._addresses[address] = _with_one_more(before, PER_ADDRESS, moment)
            if len(self._addresses) > MOST_ADDRESSES:
                self._addresses.popitem(last=False)


def _left(bucket: Bucket, size: int, moment: float) -> float:
    count, since = bucket
    return max(0.0, count - (moment - since) * size / REFILL_SECONDS)


def _with_one_more(bucket: Bucket, size: int, moment: float) -> Bucket:
    return _left(bucket, size, moment) + 1, moment


def _seconds(bucket: Bucket, size: int, moment: float) -> float:
    return max(0.0, _left(bucket, size, moment) + 1 - size) * REFILL_SECONDS / size
