"""The main process asks several times a second whether its training process still lives.

Celery is told of a death by the end of a pipe, asks the kernel for the exit status once, and otherwise every
5 seconds. But the kernel closes a dying process's pipes a moment before its status can be had: whoever asked
in between heard of the death up to 5 seconds late.
"""

from __future__ import annotations

from typing import Any

from celery import bootsteps

SECONDS = 0.25


class RollCall(bootsteps.StartStopStep):  # type: ignore[misc]
    """A part of Celery's worker, beside its pool."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        """Begin with no loop to call from."""
        super().__init__(parent, **options)
        self._called = False

    def register_with_event_loop(self, worker: Any, hub: Any) -> None:
        """Call from now on; Celery says this again when the broker was away, and the timers are kept."""
        if not self._called:
            self._called = True
            hub.call_repeatedly(SECONDS, worker.pool.maintain_pool)
