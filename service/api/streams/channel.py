"""A sweep's newest events in memory, shared by all who watch it, each at a place of its own."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from service.api.streams.messages import Message

MOST_KEPT = 256  # events; whoever is further behind reads from the database


class Channel:
    """What the tail has read of one sweep since somebody began to watch it.

    There is no queue per client: a slow one costs no memory, and falls back on the database without a loss.
    """

    def __init__(self, sweep: int, public_id: str, number: int) -> None:
        self.sweep = sweep
        self.public_id = public_id
        self.number = number  # of the newest event known here
        self.watchers = 0
        self.gone = False  # the sweep was deleted
        self._kept: deque[Message] = deque(maxlen=MOST_KEPT)
        self._news = asyncio.Event()

    def publish(self, messages: Sequence[Message]) -> None:
        """Add events that follow on those before, and wake everybody."""
        self._kept.extend(messages)
        self.number = messages[-1].number
        self.wake()

    def wake(self) -> None:
        """Have everybody look again."""
        self._news.set()
        self._news = asyncio.Event()

    def behind(self, number: int) -> Sequence[Message] | None:
        """The known events behind `number`, or None if they do not reach back so far."""
        if number >= self.number:
            return ()
        if not self._kept or self._kept[0].number > number + 1:
            return None
        return [each for each in self._kept if each.number > number]

    async def news(self, seconds: float) -> bool:
        """Wait until there is something to look at, at most so long; whether there was."""
        event = self._news
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            return False
        return True
