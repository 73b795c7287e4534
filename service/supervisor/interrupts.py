"""The first stop signal is a KeyboardInterrupt, where it does no harm, and the rest are ignored."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import current_thread, main_thread
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class _State:
    holds: int = 0
    waiting: bool = False


_state = _State()


@contextmanager
def interrupting() -> Iterator[None]:
    """Turn the first stop signal inside the block into KeyboardInterrupt; what is stopping, stops.

    A second Ctrl-C would cut off what the first one began: workers that hand back their checkpoints. Only the
    main thread may use this.
    """
    before = {number: signal.signal(number, _interrupt) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _state.waiting = False


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
        if _state.waiting and not _state.holds:
            _state.waiting = False
            raise KeyboardInterrupt


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if _state.holds:
        _state.waiting = True
    else:
        raise KeyboardInterrupt
