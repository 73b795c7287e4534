"""A thread keeps the lease alive while the core is busy, and hears what the owner wants meanwhile."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from threading import Event, Thread

from sqlalchemy.exc import SQLAlchemyError

from service.errors import LeaseLost
from service.lifecycle.claim import Claim
from service.lifecycle.lease import hold, look
from service.planning.statuses import held_back
from service.store.database import Database
from service.store.full_disk import DiskFull

log = logging.getLogger(__name__)

BEATS_PER_LEASE = 3
LOOK_SECONDS = 0.4  # an epoch can last minutes, and nobody should wait for a pause longer than a second
STILL_SECONDS = 900.0  # without a step or the end of an epoch: no work in good order lasts so long


@dataclass(slots=True)
class Heard:
    """Why the core is to stop in the middle of an epoch."""

    lost: Event = field(default_factory=Event)  # the lease is gone: expired, or the sweep was canceled
    pause: Event = field(default_factory=Event)  # the sweep is to pause
    steps: int = 0  # how often the core has asked

    @property
    def anything(self) -> bool:
        """Whether the core is to stop, which it asks before every step."""
        self.steps += 1
        return self.lost.is_set() or self.pause.is_set()


@contextmanager
def beating(database: Database, claim: Claim, *, lease_seconds: float) -> Iterator[Heard]:
    """Renew the claim's lease three times per lease, and look more often at what its owner wants."""
    heard, done = Heard(), Event()
    beat = partial(_beat, database, claim, lease_seconds, heard, done)
    # In the context of the work, so that what is logged here says what it is about, too.
    thread = Thread(target=copy_context().run, args=(beat,), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        done.set()
        thread.join()


def _beat(database: Database, claim: Claim, lease_seconds: float, heard: Heard, done: Event) -> None:
    beat_seconds = lease_seconds / BEATS_PER_LEASE
    renewed_at = moved_at = time.monotonic()
    steps = heard.steps
    while not done.wait(min(LOOK_SECONDS, beat_seconds)):
        try:
            with database.read() as session:
                wanted = look(session, claim)
            if held_back(wanted):
                heard.pause.set()
            if heard.steps != steps:
                steps, moved_at = heard.steps, time.monotonic()
            if time.monotonic() - moved_at > STILL_SECONDS:
                # It lives and does nothing: its lease may end, so that others can do its work.
                log.error("no step of population %s for %g s: its lease ends", claim.public_id, STILL_SECONDS)
                return
            if time.monotonic() - renewed_at >= beat_seconds:
                database.run(lambda session: hold(session, claim, lease_seconds=lease_seconds))
                renewed_at = time.monotonic()
        except LeaseLost:
            heard.lost.set()
            return
        except DiskFull as full:
            # Nobody can take the population over either; the recorder says that it waits.
            log.debug("the lease on %s could not be renewed: %s", claim.public_id, full.orig)
        except SQLAlchemyError:
            # The database may come back before the lease ends; if not, the next record finds out.
            log.warning("the lease on %s could not be renewed", claim.public_id, exc_info=True)
