"""Requests are counted in memory, and the processes tell each other through the database about once a second.

A sliding window: of the minute before, the part counts that the last sixty seconds still hold. What one
process lets pass before it hears of the others is bounded: it tells after every twentieth part of the limit,
and after a second. A request costs no write; a busy process makes about one a second for all its keys.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.store.database import Database
from service.store.schema import KeyRequests
from service.store.upsert import add_to_counts

MINUTE = 60_000  # milliseconds
EXCHANGE_AFTER = 1_000  # milliseconds
SHARE_UNTOLD = 20  # a process lets this part of a limit pass before it tells

KeyMinute = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, and what is left for others."""

    passes: bool
    limit: int
    remaining: int
    reset_seconds: int  # to the end of the minute
    retry_seconds: int  # until the next one passes; 0 if this one does


class RequestMeter:
    """One process's counts. `moment` is the database's clock in milliseconds everywhere."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._told: dict[KeyMinute, int] = {}  # what all processes had told at the last exchange
        self._untold: dict[KeyMinute, int] = {}
        self._exchanged_at = 0
        self._exchanging = Lock()

    def judge(self, key_id: int, limit: int, moment: int) -> Verdict:
        """Let one request pass, and count it, or not."""
        minute, into = divmod(moment, MINUTE)
        with self._lock:
            before, present = self._count(key_id, minute - 1), self._count(key_id, minute)
            used = before * (1 - into / MINUTE) + present
            passes = used + 1 <= limit
            if passes:
                self._untold[key_id, minute] = self._untold.get((key_id, minute), 0) + 1
        return Verdict(
            passes,
            limit,
            max(0, math.floor(limit - used) - passes),
            math.ceil((MINUTE - into) / 1000),
            0 if passes else seconds_to_wait(before, present, limit, into),
        )

    def is_due(self, key_id: int, limit: int, moment: int) -> bool:
        """Whether the processes should hear of each other before this request is judged."""
        minute = moment // MINUTE
        with self._lock:
            if (key_id, minute) not in self._told:
                return True
            if self._untold.get((key_id, minute), 0) * SHARE_UNTOLD >= max(limit, SHARE_UNTOLD):
                return True
            return bool(self._untold) and moment - self._exchanged_at >= EXCHANGE_AFTER

    def exchange(self, database: Database, key_id: int, moment: int) -> None:
        """Tell what passed here, and hear what passed in all; one thread does it at a time."""
        if not self._exchanging.acquire(blocking=False):
            return
        try:
            minute = moment // MINUTE
            with self._lock:
                telling, self._untold = self._untold, {}
                known = {key for key, _ in self._told} | {key for key, _ in telling} | {key_id}
            try:
                told = _exchange(database, telling, known, minute)
            except BaseException:
                with self._lock:
                    for each, count in telling.items():
                        self._untold[each] = self._untold.get(each, 0) + count
                raise
            active = {key for (key, _), count in told.items() if count} | {key_id}
            with self._lock:
                self._told = {each: count for each, count in told.items() if each[0] in active}
                self._exchanged_at = moment
        finally:
            self._exchanging.release()

    def _count(self, key_id: int, minute: int) -> int:
        return self._told.get((key_id, minute), 0) + self._untold.get((key_id, minute), 0)


def seconds_to_wait(before: int, present: int, limit: int, into: int) -> int:
    """Whole seconds until one more fits, if nothing else is asked for meanwhile; at least 1."""
    if present + 1 <= limit and before:
        # before * (1 - x) + present + 1 = limit, within this minute
        wait = (1 - (limit - 1 - present) / before) * MINUTE - into
    else:
        # this minute's count becomes the one before: present * (1 - x) + 1 = limit
        wait = MINUTE - into + max(0.0, 1 - (limit - 1) / max(present, 1)) * MINUTE
    return max(1, math.ceil(wait / 1000))


def _exchange(
    database: Database, telling: dict[KeyMinute, int], keys: set[int], minute: int
) -> dict[KeyMinute, int]:
    if not telling:
        with database.read() as session:
            return _told(session, keys, minute)
    with database.write() as session:  # not `run`: what was told may not be told twice
        rows = [{"key_id": key, "minute": when, "requests": n} for (key, when), n in sorted(telling.items())]
        add_to_counts(session, KeyRequests, rows, "requests")
        session.execute(delete(KeyRequests).where(KeyRequests.minute < minute - 1))
        return _told(session, keys, minute)


def _told(session: Session, keys: set[int], minute: int) -> dict[KeyMinute, int]:
    told = {(key, when): 0 for key in keys for when in (minute - 1, minute)}
    found = session.execute(
        select(KeyRequests.key_id, KeyRequests.minute, KeyRequests.requests).where(
            KeyRequests.key_id.in_(keys), KeyRequests.minute >= minute - 1
        )
    )
    told.update({(row.key_id, row.minute): row.requests for row in found})
    return told
