"""One task per process reads the new events of all sweeps that somebody watches, for all who watch them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from service.api.streams.channel import Channel
from service.api.streams.messages import Message, message
from service.api.streams.standing import Credential, standing
from service.errors import Busy
from service.store.database import Database
from service.store.event_queries import StoredEvent, Told, events_behind, sweeps_there

TICK_SECONDS = 0.25
REVIEW_SECONDS = 5.0  # how often it is looked whether watchers may still watch, and sweeps are still there
PAUSE_AFTER_FAILURE = 2.0  # seconds
CHUNK = 500  # events of one read
MOST_READERS = 4  # clients that catch up from the database at the same moment
MOST_WATCHERS = 1000

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Watcher:
    """One client of a channel."""

    channel: Channel
    credential: Credential
    refused: bool = False  # its key or session has ended since


@dataclass(slots=True)
class Tail:
    """Everything that the event streams of a process share; it runs only while somebody watches.

    Must be used from one event loop. A tick is one query, whatever the number of sweeps and watchers.
    """

    database: Database
    closed: bool = False
    _channels: dict[int, Channel] = field(default_factory=dict)
    _watchers: set[Watcher] = field(default_factory=set)
    _task: asyncio.Task[None] | None = None
    _reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_READERS))

    @property
    def watchers(self) -> int:
        """How many streams are open."""
        return len(self._watchers)

    @contextmanager
    def watch(self, told: Told, public_id: str, credential: Credential) -> Iterator[Watcher]:
        """Watch a sweep inside the block."""
        channel = self._channels.setdefault(told.key, Channel(told.key, public_id, told.number))
        watcher = Watcher(channel, credential)
        channel.watchers += 1
        self._watchers.add(watcher)
        if self._task is None and not self.closed:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="event tail")
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            channel.watchers -= 1
            if not channel.watchers:
                del self._channels[told.key]
            if not self._watchers and self._task is not None:
                self._task.cancel()
                self._task = None

    def require_room(self) -> None:
        """Refuse one more watcher where there are as many as a process serves.

        Raises:
            Busy: there are.
        """
        if len(self._watchers) >= MOST_WATCHERS:
            raise Busy(f"this process serves {MOST_WATCHERS} event streams already")

    def close(self) -> None:
        """End every stream at once; those that are asked for later end as they begin."""
        self.closed = True
        for channel in self._channels.values():
            channel.wake()

    async def behind(self, channel: Channel, number: int) -> Sequence[Message]:
        """The next events behind `number`: from memory, or from the database for who is far behind."""
        known = channel.behind(number)
        if known is not None:
            return known
        async with self._reading:
            found = await run_in_threadpool(self._read, {channel.sweep: number})
        return [message(channel.public_id, event) for event in found]

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        review_at = loop.time() + REVIEW_SECONDS
        while not self.closed:
            pause = TICK_SECONDS
            try:
                if await self._tick():
                    pause = 0.0
                if loop.time() >= review_at:
                    await self._review()
                    review_at = loop.time() + REVIEW_SECONDS
            except SQLAlchemyError as error:
                _log.warning("the event tail could not read (%s); it tries again", error)
                pause = PAUSE_AFTER_FAILURE
            except Exception:  # noqa: BLE001 - whatever it is, all streams would wait for ever without this task
                _log.exception("the event tail failed; it tries again")
                pause = PAUSE_AFTER_FAILURE
            await asyncio.sleep(pause)

    async def _tick(self) -> bool:
        """Read what is new and hand it out; whether there may be more at once."""
        found = await run_in_threadpool(self._read, {key: c.number for key, c in self._channels.items()})
        for sweep, events in groupby(found, lambda event: event.sweep):
            channel = self._channels.get(sweep)
            if channel is not None:  # everybody may have left meanwhile
                messages = [message(channel.public_id, e) for e in events if e.number > channel.number]
                if messages:
                    channel.publish(messages)
        return len(found) == CHUNK

    async def _review(self) -> None:
        credentials = {watcher.credential for watcher in self._watchers}
        allowed, there = await run_in_threadpool(self._look, credentials, list(self._channels))
        for watcher in self._watchers:
            watcher.refused = watcher.credential in credentials - allowed
        for channel in self._channels.values():
            channel.gone = channel.sweep not in there
            if channel.gone or any(w.refused for w in self._watchers if w.channel is channel):
                channel.wake()

    def _read(self, numbers: dict[int, int]) -> Sequence[StoredEvent]:
        with self.database.read() as session:
            return events_behind(session, numbers, limit=CHUNK)

    def _look(
        self, credentials: set[Credential], sweeps: list[int]
    ) -> tuple[set[Credential], frozenset[int]]:
        with self.database.read() as session:
            return standing(session, credentials), sweeps_there(session, sweeps)
