"""One task per process reads the new events of all stories that somebody watches, for all who watch them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from service.api.streams.channel import Channel
from service.api.streams.standing import Credential, standing
from service.api.streams.stories import OwnerStories, Stretch, SweepStories
from service.errors import Busy
from service.store.database import Database
from service.store.event_queries import sweeps_there

TICK_SECONDS = 0.25
REVIEW_SECONDS = 5.0  # how often it is looked whether watchers may still watch, and sweeps are still there
PAUSE_AFTER_FAILURE = 2.0  # seconds
MOST_READERS = 4  # clients that catch up from the database at the same moment
MOST_WATCHERS = 1000

Stories = SweepStories | OwnerStories

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Watcher:
    """One client of a channel."""

    stories: Stories
    channel: Channel
    credential: Credential
    refused: bool = False  # its key or session has ended since


@dataclass(slots=True)
class Tail:
    """Everything that the event streams of a process share; it runs only while somebody watches.

    Must be used from one event loop. A tick is one reading, whatever the number of sweeps and watchers.
    """

    database: Database
    sweeps: SweepStories = field(default_factory=SweepStories)
    owners: OwnerStories = field(default_factory=OwnerStories)
    closed: bool = False
    _watchers: set[Watcher] = field(default_factory=set)
    _task: asyncio.Task[None] | None = None
    _reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_READERS))

    @property
    def watchers(self) -> int:
        """How many streams are open."""
        return len(self._watchers)

    @contextmanager
    def watch(
        self, stories: Stories, key: int, name: str, place: int | None, credential: Credential
    ) -> Iterator[Watcher]:
        """Watch one of the stories inside the block; `place` is how far it is known to be told."""
        channel = stories.channels.setdefault(key, Channel(key, name, place))
        watcher = Watcher(stories, channel, credential)
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
                del stories.channels[key]
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
        for channel in self._channels():
            channel.wake()

    async def behind(self, watcher: Watcher, place: int) -> Stretch:
        """What follows on `place`: from memory, or from the database for who is far behind."""
        channel = watcher.channel
        known = channel.behind(place)
        if known is not None:
            return Stretch(known, max(place, channel.place or 0))
        async with self._reading:
            return await run_in_threadpool(self._reread, watcher, place)

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
        watched: list[Any] = [each for each in (self.sweeps, self.owners) if each.channels]
        wanted = [stories.wanted() for stories in watched]
        found = await run_in_threadpool(self._read, watched, wanted)
        more = [stories.hand_out(*both) for stories, *both in zip(watched, wanted, found, strict=True)]
        return any(more)

    async def _review(self) -> None:
        credentials = {watcher.credential for watcher in self._watchers}
        allowed, there = await run_in_threadpool(self._look, credentials, list(self.sweeps.channels))
        for watcher in self._watchers:
            watcher.refused = watcher.credential in credentials - allowed
        for sweep, channel in self.sweeps.channels.items():
            channel.gone = sweep not in there
        for channel in self._channels():
            if channel.gone or any(w.refused for w in self._watchers if w.channel is channel):
                channel.wake()

    def _channels(self) -> Iterator[Channel]:
        for stories in (self.sweeps, self.owners):
            yield from stories.channels.values()

    def _read(self, watched: list[Any], wanted: list[Any]) -> list[Any]:
        with self.database.read() as session:
            return [stories.read(session, each) for stories, each in zip(watched, wanted, strict=True)]

    def _reread(self, watcher: Watcher, place: int) -> Stretch:
        with self.database.read() as session:
            return watcher.stories.reread(session, watcher.channel, place)

    def _look(
        self, credentials: set[Credential], sweeps: list[int]
    ) -> tuple[set[Credential], frozenset[int]]:
        with self.database.read() as session:
            return standing(session, credentials), sweeps_there(session, sweeps)
