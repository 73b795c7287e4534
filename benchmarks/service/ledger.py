"""Time is booked on one account at a time, so that accounts add up to all of it."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

Clock = Callable[[], float]


@dataclass(slots=True)
class Spent:
    """Seconds of this thread's processor, and seconds that went by."""

    processor: float = 0.0
    wall: float = 0.0


@dataclass(slots=True)
class Ledger:
    """An account opened within another takes over; the outer one goes on when it is closed."""

    processor_clock: Clock = time.thread_time
    wall_clock: Clock = time.perf_counter
    accounts: dict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))
    _open: list[str] = field(default_factory=list)
    _since: tuple[float, float] = (0.0, 0.0)

    @contextmanager
    def account(self, name: str) -> Iterator[None]:
        """Book the block on an account, less what inner blocks book on theirs."""
        self._settle()
        self._open.append(name)
        try:
            yield
        finally:
            self._settle()
            self._open.pop()

    def seconds(self) -> Mapping[str, tuple[float, float]]:
        """Each account's processor and wall seconds."""
        return {name: (spent.processor, spent.wall) for name, spent in self.accounts.items()}

    def _settle(self) -> None:
        processor, wall = self.processor_clock(), self.wall_clock()
        if self._open:
            spent = self.accounts[self._open[-1]]
            spent.processor += processor - self._since[0]
            spent.wall += wall - self._since[1]
        self._since = processor, wall
