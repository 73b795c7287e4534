"""Small submissions of all requests go to one thread, which takes along whatever has come meanwhile.

So hundreds of them in a second cost no thread each, and their requests wait for no lock: the event loop
hands over once what came in a turn of it, and hears once of all that were stored together. Handed over one by
one, the first would be stored alone, while the interpreter goes back and forth between the two threads.

Clients that send one submission after the other fall into groups: one is stored while another comes, each
again with the same few, and as two threads have one interpreter nothing is gained by that. So the thread
waits a moment for those that it has just answered, if there are several: 32 clients at once, in one group
instead of two, took a sixth less of a core. PostgreSQL's commit_delay is of the same kind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from time import monotonic
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool

from service.lifecycle.limits import Limits
from service.lifecycle.submit import Submitted, submit
from service.lifecycle.submit_together import Offer, submit_together
from service.planning.sweep_file import JSON
from service.store.database import Database

MOST_BYTES = 16_384  # of a body that is read while others wait
MOST_TOGETHER = 64
SIBLINGS = 5  # from so many submissions on, those that wait and those that were answered last, it is waited
PATIENCE = 1.5  # for these to come again, measured by how long it took to store them

Result = Submitted | Exception | None


class _Waiting(NamedTuple):
    offer: Offer
    answer: asyncio.Future[Result]


Turn = Sequence[_Waiting]  # what came in one turn of an event loop


class Intake:
    """The submissions of one process to one database."""

    def __init__(self, database: Database) -> None:
        """Start nothing yet: the thread comes with the first submission."""
        self._database = database
        self._queue: SimpleQueue[Turn | None] = SimpleQueue()
        self._coming: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}  # each is its own loop's
        self._lock = Lock()
        self._thread: Thread | None = None
        self._closed = False

    async def submit(
        self,
        database: Database,
        *,
        owner_id: int,
        body: bytes,
        media_type: str,
        idempotency_key: str | None,
        max_runs: int,
        most_memory: int,
        limits: Limits | None,
    ) -> Submitted:
        """Store a sweep as `lifecycle.submit` does; `database` notes what the request does.

        Raises: what `lifecycle.submit` raises.
        """
        if media_type == JSON and len(body) <= MOST_BYTES and self._is_open():
            offer = Offer(
                owner_id, body, idempotency_key, max_runs, most_memory, limits, note=database.noting
            )
            result = await self._stored_with_others(offer)
            if isinstance(result, Exception):
                raise result
            if result is not None:
                return result
        alone = partial(
            submit,
            database,
            owner_id=owner_id,
            body=body,
            media_type=media_type,
            idempotency_key=idempotency_key,
            max_runs=max_runs,
            most_memory=most_memory,
            limits=limits,
        )
        return await run_in_threadpool(alone)

    def close(self) -> None:
        """Store what has come, and end."""
        with self._lock:
            self._closed = True
            thread = self._thread
            self._queue.put(None)
        if thread is not None:
            thread.join()

    def _is_open(self) -> bool:
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = Thread(target=self._go_on, name="intake", daemon=True)
                self._thread.start()
            return not self._closed

    def _stored_with_others(self, offer: Offer) -> asyncio.Future[Result]:
        loop = asyncio.get_running_loop()
        waiting = _Waiting(offer, loop.create_future())
        if loop not in self._coming:
            self._coming[loop] = []
            loop.call_soon(self._hand_over, loop)  # behind all that has come until now
        self._coming[loop].append(waiting)
        return waiting.answer

    def _hand_over(self, loop: asyncio.AbstractEventLoop) -> None:
        turn = self._coming.pop(loop)
        with self._lock:
            if not self._closed:
                self._queue.put(turn)
                return
        _settle([(waiting.answer, None) for waiting in turn])  # they came before the end: each by itself

    def _go_on(self) -> None:
        waiting: list[_Waiting] = []
        answered, until, is_open = 0, 0.0, True
        while is_open or waiting:
            enough = min(len(waiting) + answered, MOST_TOGETHER)
            enough = enough if enough >= SIBLINGS else 1
            while is_open and len(waiting) < enough and (left := until - monotonic()) > 0:
                is_open = self._take(waiting, left)
            if is_open and not waiting:
                is_open = self._take(waiting, None)
            together, waiting = waiting[:MOST_TOGETHER], waiting[MOST_TOGETHER:]
            begun = monotonic()
            results = self._results(together) if together else ()
            # Before they are answered: whoever comes then may be one of them.
            is_open = is_open and self._take(waiting, 0)
            ended = monotonic()
            answered, until = len(together), ended + PATIENCE * (ended - begun)
            _answer(together, results)

    def _take(self, waiting: list[_Waiting], seconds: float | None) -> bool:
        """Add all that have come, or what comes within so many seconds; False at the end."""
        with suppress(Empty):
            turn = self._queue.get(timeout=seconds)
            while turn is not None:
                waiting += turn
                turn = self._queue.get_nowait()
            return False
        return True

    def _results(self, taken: Sequence[_Waiting]) -> Sequence[Result]:
        try:
            return submit_together(self._database, [waiting.offer for waiting in taken])
        except Exception as error:  # noqa: BLE001 - the requests raise it, each to its own client
            return [error] * len(taken)


def _answer(taken: Sequence[_Waiting], results: Sequence[Result]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Result], Result]]] = {}
    for waiting, result in zip(taken, results, strict=True):
        by_loop.setdefault(waiting.answer.get_loop(), []).append((waiting.answer, result))
    for loop, answers in by_loop.items():  # of a server there is one
        with suppress(RuntimeError):  # it was closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, answers)


def _settle(answers: Sequence[tuple[asyncio.Future[Result], Result]]) -> None:
    for answer, result in answers:
        if not answer.done():  # whose client is gone has given up waiting
            answer.set_result(result)
