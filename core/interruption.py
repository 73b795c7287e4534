"""A step of seconds is left in its midst: a thread asks whether to stop while the core is in a product."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from core.compiled.program import Kernel

ASK_SECONDS = 0.1
LONGEST_SECONDS = 600.0  # then nobody asks any more: who watches for a core that hangs sees no step


@contextmanager
def interruptible(kernel: Kernel, should_stop: Callable[[], bool]) -> Iterator[Event]:
    """Products end soon after `should_stop` says so. The event is set then: what they wrote means nothing.

    It is to be read behind the block, in which they may end at any time. `should_stop` is called by another
    thread, and one population of the process is interruptible at a time.
    """
    told, done = Event(), Event()

    def ask() -> None:
        for _ in range(round(LONGEST_SECONDS / ASK_SECONDS)):
            if done.wait(ASK_SECONDS):
                return
            if should_stop():
                told.set()
                kernel.halt(True)
                return

    thread = Thread(target=ask, name="interruption", daemon=True)
    thread.start()
    try:
        yield told
    finally:
        done.set()
        thread.join()
        kernel.halt(False)
