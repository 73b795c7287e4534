"""A worker that is alive but of no use is restarted: one that is silent, or idle while work waits for it.

Celery's consumers have stopped consuming after a reconnection in one release or another every year, and a
process can be stopped or deadlocked: it then runs, answers no doorbell, and nothing ends that could be seen
to end. So the database is asked whether a worker shows that it lives and takes work. One that trains, which
is one whose lease was renewed lately, is left alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event, Thread

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from service.dispatch import Doorbell
from service.lifecycle.requeue import queued_populations
from service.store.clock import now
from service.store.database import Database
from service.store.worker_queries import WorkerView, named_workers
from service.supervisor.processes import Child

SILENT = "showed no sign of life"
UNUSED = "took no work"
LONGEST_INTERVAL = 5.0  # seconds between two looks
LOOKS = 10  # in the time after which a worker is restarted
MOST_DOUBLINGS = 5  # of that time, while restarting a worker does not help
CLOSE_SECONDS = 1.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """What is known at one moment, by both clocks."""

    moment: float  # monotonic seconds of this process
    read_at: int  # milliseconds of the database's clock
    queued: int  # populations that wait for a worker
    workers: Mapping[str, WorkerView]  # by name; one that has never made itself known is absent


@dataclass(slots=True)
class Suspicions:
    """What has not changed since when, although it would have if the worker were well."""

    patience: float  # seconds
    _since: dict[tuple[str, str], tuple[object, Look]] = field(default_factory=dict)
    _restarts: dict[str, int] = field(default_factory=dict)  # that have not helped yet

    def judge(self, name: str, start: int, look: Look) -> str | None:
        """Say what is wrong with a worker, in its `start`-th process, if it has been for long enough.

        Both clocks have to agree. A machine that was asleep, or a database whose clock was set, would
        otherwise make every worker look hung.
        """
        view = look.workers.get(name)
        expected = _expected(view, look.queued)
        if not expected:
            self._restarts.pop(name, None)
        for fault in (SILENT, UNUSED):
            if fault not in expected:
                self._since.pop((name, fault), None)
                continue
            mark = (start, expected[fault])
            before, first = self._since.setdefault((name, fault), (mark, look))
            if before != mark:
                self._since[name, fault] = mark, look
            elif self._lasts(name, first, look):
                self._restarts[name] = self._restarts.get(name, 0) + 1
                del self._since[name, fault]
                return fault
        return None

    def forget(self) -> None:
        """Start over: nothing could be seen for a while."""
        self._since.clear()

    def seconds(self, name: str) -> float:
        """How long a fault of this worker may last: longer each time that restarting it did not help."""
        return float(self.patience * 2 ** min(self._restarts.get(name, 0), MOST_DOUBLINGS))

    def _lasts(self, name: str, first: Look, look: Look) -> bool:
        ours, theirs = look.moment - first.moment, (look.read_at - first.read_at) / 1000
        return min(ours, theirs) >= self.seconds(name)


def _expected(view: WorkerView | None, queued: int) -> dict[str, int | None]:
    """The values that would change soon if a worker were well; nothing is expected of one that trains."""
    if view is None:
        return {SILENT: None}
    if view.trains:
        return {}
    seen: dict[str, int | None] = {SILENT: view.worker.last_seen_at}
    return {**seen, UNUSED: view.worker.turned_at} if queued else seen


class Watchdog:
    """A thread, once it has begun, that looks at these workers (by their names in the database)."""

    def __init__(
        self,
        database_url: str,
        broker_url: str | None,
        workers: Mapping[str, Child],
        restart: Callable[[Child, str], None],
        *,
        patience: float,
    ) -> None:
        self._database = Database(database_url)
        self._doorbell = Doorbell(broker_url)
        self._workers = dict(workers)
        self._restart = restart
        self._suspicions = Suspicions(patience)
        self._interval = min(LONGEST_INTERVAL, patience / LOOKS)
        self._closing = Event()
        self._thread = Thread(target=self._run, name="watchdog", daemon=True)

    def begin(self) -> None:
        """Look now and then from now on."""
        self._thread.start()

    def close(self) -> None:
        """Stop looking. A look that waits for a database or a broker is not waited for."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)

    def look(self) -> None:
        """Have every worker restarted that has been silent, or idle beside waiting work, for too long."""
        look = self._see()
        if look.queued and not self._rung(look):
            # Nobody hears of the work, which is not the workers' fault: only their silence counts.
            look = Look(look.moment, look.read_at, 0, look.workers)
        for name, child in self._workers.items():
            if child.exit_code is not None:
                continue  # it is being started again already
            seconds = self._suspicions.seconds(name)
            fault = self._suspicions.judge(name, child.starts, look)
            if fault is not None and not self._closing.is_set():
                waiting = f" although work waits (populations: {look.queued})" if fault == UNUSED else ""
                self._restart(child, f"{fault} for {seconds:g} s{waiting}")

    def _see(self) -> Look:
        with self._database.read() as session:
            read_at = session.execute(select(now())).scalar_one()
            return Look(
                time.monotonic(),
                read_at,
                queued_populations(session),
                named_workers(session, list(self._workers)),
            )

    def _rung(self, look: Look) -> bool:
        """Whether a doorbell waits for whoever is idle, or one does now."""
        idle = sum(not view.trains for view in look.workers.values())
        waiting = self._doorbell.waiting()
        if waiting == 0 and idle:
            return self._doorbell.ring(min(idle, look.queued))
        return waiting is not None

    def _run(self) -> None:
        while not self._closing.wait(self._interval):
            try:
                self.look()
            except SQLAlchemyError as error:
                _log.warning("the watchdog cannot see the workers: %s", error)
                self._suspicions.forget()
        self._doorbell.close()
        with suppress(SQLAlchemyError):
            self._database.dispose()
