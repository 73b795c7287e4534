"""A stand-in for worker/tasks.py: the same doorbell, which only writes down that it rang."""

from __future__ import annotations

import os
import time
from pathlib import Path

from celery import current_task, shared_task

from service.dispatch import RING
from worker.child import context
from worker.lost import RingTask

RECORD = "DOORBELL_RECORD"  # the variable that names the file
WAITS = "DOORBELL_WAITS"  # if set, a ring lasts until the worker is told to stop


@shared_task(name=RING, base=RingTask)  # type: ignore[untyped-decorator]
def ring() -> None:
    """Write `rang PID MESSAGE`, and at a soft stop `stopped PID MESSAGE`."""
    _write("rang")
    while os.environ.get(WAITS) and not context().stopping.is_set():
        time.sleep(0.01)
    if context().stopping.is_set():
        _write("stopped")


def _write(word: str) -> None:
    with Path(os.environ[RECORD]).open("a", encoding="ascii") as record:
        record.write(f"{word} {os.getpid()} {current_task.request.id}\n")
