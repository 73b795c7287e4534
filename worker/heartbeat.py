"""A thread keeps the lease alive while the core is busy, and says when it is lost."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from sqlalchemy.exc import SQLAlchemyError

from service.errors import LeaseLost
from service.lifecycle.claim import Claim
from service.lifecycle.lease import hold
from service.store.database import Database

log = logging.getLogger(__name__)

BEATS_PER_LEASE = 3


@contextmanager
def beating(database: Database, claim: Claim, *, lease_seconds: float) -> Iterator[Event]:
    """Renew the claim's lease three times per lease; the event that is yielded is set once it is lost."""
    lost, done = Event(), Event()
    thread = Thread(
        target=_beat, args=(database, claim, lease_seconds, lost, done), name="heartbeat", daemon=True
    )
    thread.start()
    try:
        yield lost
    finally:
        done.set()
        thread.join()


def _beat(database: Database, claim: Claim, lease_seconds: float, lost: Event, done: Event) -> None:
    while not done.wait(lease_seconds / BEATS_PER_LEASE):
        try:
            database.run(lambda session: hold(session, claim, lease_seconds=lease_seconds))
        except LeaseLost:
            lost.set()
            return
        except SQLAlchemyError:
            # The database may come back before the lease ends; if not, the next record finds out.
            log.warning("the lease on %s could not be renewed", claim.public_id, exc_info=True)
