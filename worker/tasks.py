"""Doorbells: a task says that there may be work, and the database says which."""

from __future__ import annotations

from celery import shared_task

from service.dispatch import RING
from worker.child import context
from worker.lost import RingTask


@shared_task(name=RING, base=RingTask)  # type: ignore[untyped-decorator]
def ring() -> None:
    """Train until nothing is queued; a late or second ring finds nothing and ends."""
    from worker.turns import work  # loads NumPy, which the main process does without

    work(context())
