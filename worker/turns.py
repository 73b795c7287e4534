"""A worker trains populations and verifies runs by turns, so that neither waits for all of the other."""

from __future__ import annotations

from worker.context import Context
from worker.execution import execute_next
from worker.verifying import verify_next


def work(context: Context) -> None:
    """Train what is queued, and train again what is to be verified, until there is neither."""
    units = (execute_next, verify_next)
    idle = 0  # units in a row that found nothing
    turn = 0
    while idle < len(units) and not context.stopping.is_set():
        idle = 0 if units[turn % len(units)](context) else idle + 1
        turn += 1
