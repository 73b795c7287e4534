"""The newest events of one story in memory, shared by all who watch it, each at a place of its own."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from service.api.streams.messages import Message

MOST_KEPT = 256  # events; whoever is further behind reads from the database


class Channel:
    """What the tail has read of one sweep, or of all sweeps of one owner, since somebody began to watch.

    There is no queue per client: a slow one costs no memory, and falls back on the database without a loss.
    """

    def __init__(self, key: int, name: str, place: int | None) -> None:
        self.key = key
        self.name = name
        self.place = place  # up to which everything has been read; None: nothing has been read yet
        self.watchers = 0
        self.gone = False  # the sweep was deleted
        self._floor = place  # behind which everything that has been read is kept
        self._kept: deque[Message] = deque()
        self._news = asyncio.Event()

    def publish(self, messages: Sequence[Message], place: int) -> None:
        """Add what follows on the messages before, up to `place`, and wake everybody if it is something."""
        begins = self.place is None
        if begins:
            self._floor = place
        self.place = place
        self._kept.extend(messages)
        while len(self._kept) > MOST_KEPT:
            self._floor = self._kept.popleft().place
        if messages or begins:
            self.wake()

    def wake(self) -> None:
        """Have everybody look again."""
        self._news.set()
        self._news = asyncio.Event()

    def behind(self, place: int) -> Sequence[Message] | None:
        """The known messages behind `place`, or None if they do not reach back so far."""
        if self.place is not None and place >= self.place:
            return ()
        if self._floor is None or place < self._floor:
            return None
        return [each for each in self._kept if each.place > place]

    async def news(self, seconds: float) -> bool:
        """Wait until there is something to look at, at most so long; whether there was."""
        event = self._news
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            return False
        return True
