"""Small submissions of all requests go to one thread, which takes along whatever has come meanwhile.

So hundreds of them in a second cost no thread each, and their requests wait for no lock: the event loop
hands over once what came in a turn of it, and hears once of all that were stored together. Handed over one by
one, the first would be stored alone, while the interpreter goes back and forth between the two threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool

from service.lifecycle.limits import Limits
from service.lifecycle.submit import Submitted, submit
from service.lifecycle.submit_together import Offer, submit_together
from service.planning.sweep_file import JSON
from service.store.database import Database

MOST_BYTES = 16_384  # of a body that is read while others wait
MOST_TOGETHER = 64

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
        is_open = True
        while is_open and (turn := self._queue.get()) is not None:
            taken = [*turn]
            with suppress(Empty):
                while is_open and len(taken) < MOST_TOGETHER:
                    more = self._queue.get_nowait()
                    is_open = more is not None
                    taken += more or ()
            for start in range(0, len(taken), MOST_TOGETHER):
                together = taken[start : start + MOST_TOGETHER]
                _answer(together, self._results(together))

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
