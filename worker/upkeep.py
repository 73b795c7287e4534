"""Beside waiting for doorbells, a worker's main process shows that it lives and looks after lost work."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from service.dispatch import Doorbell
from service.lifecycle.gather import gather_large
from service.lifecycle.keep_headline import keep_headlines
from service.lifecycle.last_states import let_the_oldest_go
from service.lifecycle.remove import purge
from service.lifecycle.requeue import queued_populations, requeue_expired
from service.lifecycle.retention import keeps_everything, let_go
from service.lifecycle.verification_lease import queued_verifications, requeue_expired_verifications
from service.lifecycle.workers import first_worker, live_workers, saw_worker, worker_stopped
from service.settings import Settings
from service.store.database import Database

RETENTION_INTERVAL = 3600.0  # seconds
LONGEST_PURGE = 1.0  # seconds of one round for what is left of deleted sweeps
LONGEST_INTERVAL = 10.0  # seconds; a worker counts as lost when it was not seen for three of them

_log = logging.getLogger(__name__)


def rings_owed(queued: int, live: int, waiting: int | None) -> int:
    """Return how often to ring: once for each unit that a worker could take, less what is on its way.

    `waiting` is None when the broker does not answer; there is no point in ringing then.
    """
    return 0 if waiting is None else max(0, min(queued, live) - waiting)


class Upkeep:
    """A thread, while the block lasts. Any number of workers may do the same rounds at once."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._name = name
        self._interval = min(LONGEST_INTERVAL, settings.lease_seconds / 3)
        self._database = Database(settings.database_url)
        self._doorbell = Doorbell(settings.broker_url)
        self._closing = Event()
        self._nothing_until = 0.0  # monotonic seconds: there is nothing to let go before
        self._thread = Thread(target=self._run, name="upkeep", daemon=True)
        # Of its own, because it may take longer than a worker may be out of sight.
        self._gatherer = Thread(target=self._gather, name="gathering", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._gatherer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._thread.join()
        self._gatherer.join()
        try:
            self._database.run(lambda session: worker_stopped(session, self._name))
        except SQLAlchemyError:
            _log.warning("the database could not be told that %s stops", self._name, exc_info=True)
        self._doorbell.close()
        self._database.dispose()

    def round(self) -> int:
        """Show that this worker lives, free expired leases, and ring for work that no message announces.

        Returns the number of rings.
        """
        self._database.run(lambda session: saw_worker(session, self._name))
        self._database.run(requeue_expired)
        self._database.run(requeue_expired_verifications)
        with self._database.read() as session:
            queued = queued_populations(session) + queued_verifications(session)
            live = live_workers(session)
        waiting = self._doorbell.waiting() if queued else 0
        owed = rings_owed(queued, live, waiting)
        if owed:
            self._doorbell.ring(owed)
        return owed

    def chores(self) -> None:
        """Do what nothing waits for, each whatever becomes of the others."""
        for chore in (
            lambda: keep_headlines(self._database),
            lambda: let_the_oldest_go(self._database, self._settings.last_states),
            lambda: purge(self._database, seconds=LONGEST_PURGE),
            self._let_go,
        ):
            _whatever_happens(chore)

    def _let_go(self) -> None:
        """Delete what is not to be kept: some of it in each round, then nothing for an hour."""
        if keeps_everything(self._settings) or time.monotonic() < self._nothing_until:
            return
        if let_go(self._database, self._settings, seconds=LONGEST_PURGE):
            self._nothing_until = time.monotonic() + RETENTION_INTERVAL

    def _gather(self) -> None:
        """Gather what large sweeps' answers are worked out from: one worker does it for all."""
        while not self._closing.wait(self._interval):
            try:
                with self._database.read() as session:
                    is_first = first_worker(session) == self._name
                if is_first:
                    gather_large(self._database, stops=self._closing.is_set)
            except Exception:  # noqa: BLE001 - whatever it is, the thread has to be there for the next sweep
                _log.warning("a large sweep could not be gathered; it is tried again", exc_info=True)

    def _run(self) -> None:
        while True:
            _whatever_happens(self.round)
            _whatever_happens(self.chores)
            if self._closing.wait(self._interval):
                return


def _whatever_happens(duty: Callable[[], object]) -> None:
    """Do something that is done again in the next round; the thread has to be there for that."""
    try:
        duty()
    except Exception:  # noqa: BLE001 - without the thread nobody would look after this worker's lost work
        _log.warning("a part of this round of upkeep failed; it is due again in the next", exc_info=True)
