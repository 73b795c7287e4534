"""A stop signal is a KeyboardInterrupt where it does no harm, and nothing once the end has begun."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import current_thread, main_thread
from types import FrameType, TracebackType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_INTERVAL = 0.5  # seconds


@dataclass
class _State:
    asked: bool = False
    holds: int = 0
    ending: bool = False


_state = _State()


class UninterruptedEnd(ExitStack):
    """A stack in a block of `interrupting` whose callbacks are all run to their end.

    A second Ctrl-C would cut off what the first one began: workers that hand back their checkpoints.
    """

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> bool:
        _state.ending = True
        return bool(super().__exit__(kind, error, trace))


@contextmanager
def interrupting() -> Iterator[None]:
    """Turn the stop signals inside the block into KeyboardInterrupt. Only the main thread may use this."""
    before = {number: signal.signal(number, _interrupt) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _state.asked = _state.ending = False


@contextmanager
def held() -> Iterator[None]:
    """Let a stop signal wait until the end of the block; other threads than the main one get none anyway."""
    if current_thread() is not main_thread():
        yield
        return
    _state.holds += 1
    try:
        yield
    finally:
        _state.holds -= 1
    check()


def check() -> None:
    """Raise KeyboardInterrupt if a signal has come and nothing came of it.

    It was held back, or Python was just collecting garbage: what is raised then is printed and forgotten.
    """
    if _state.asked and not _state.holds and not _state.ending:
        raise KeyboardInterrupt


def wait() -> None:
    """Wait for a stop signal.

    Raises:
        KeyboardInterrupt: always.
    """
    while True:
        check()
        time.sleep(LOOK_INTERVAL)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # Never SIG_IGN: that is inherited, and a program started from then on could not be asked to stop.
    _state.asked = True
    check()
