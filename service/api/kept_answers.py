"""Answers that took long to work out are kept as bytes, as long as what they were worked out from stands.

A version is part of the question: whatever changes the answer changes the version. While a sweep trains, its
version changes every second; an answer that took longer than `LONG` is then given for `PATIENCE` times as
long, so that a large sweep that many people watch does not keep the process busy with itself. Of a sweep that
has ended nobody asks twice, so its answer must be the last one.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock

MOST_BYTES = 64_000_000
LONG = 0.1  # seconds
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class _Kept:
    version: Hashable
    body: bytes
    until: float  # by the clock: how long it may be given although the version has changed


@dataclass(slots=True)
class KeptAnswers:
    """The last answers, of together at most `MOST_BYTES`."""

    clock: Callable[[], float] = time.monotonic
    _kept: OrderedDict[Hashable, _Kept] = field(default_factory=OrderedDict)
    _bytes: int = 0
    _lock: Lock = field(default_factory=Lock)

    def answer(
        self, question: Hashable, version: Hashable, work_out: Callable[[], bytes], *, patient: bool
    ) -> bytes:
        """The kept answer to a question if it holds, or for the `patient` an older one; else a new one."""
        with self._lock:
            known = self._kept.get(question)
            if known is not None and (known.version == version or (patient and self.clock() < known.until)):
                self._kept.move_to_end(question)
                return known.body
        began = self.clock()
        body = work_out()
        took = self.clock() - began
        until = self.clock() + PATIENCE * took if took > LONG else 0.0
        self._keep(question, _Kept(version, body, until))
        return body

    def _keep(self, question: Hashable, kept: _Kept) -> None:
        with self._lock:
            before = self._kept.pop(question, None)
            self._bytes += len(kept.body) - (len(before.body) if before else 0)
            self._kept[question] = kept
            while self._bytes > MOST_BYTES:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= len(oldest.body)
