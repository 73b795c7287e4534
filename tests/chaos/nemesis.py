"""Who strikes: it goes through a plan of faults, and lets go of what it holds when that is due."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Timer

import redis
from sqlalchemy import select

from service.planning.statuses import PopulationState
from service.store.schema import PopulationRow
from tests.chaos.clients import Clients
from tests.chaos.faults import Fault, Kind
from tests.chaos.site import LEASE_SECONDS, Site, StruckWorker
from tests.servers.waiting import eventually

HELD_SECONDS = 1.5 * LEASE_SECONDS
SUBMISSION_SECONDS = 0.08  # about what a submission takes: within this time the API is killed
LAST_ATTEMPT = 2  # leases lost: a third one in a row fails a single run, by the product's own word


@dataclass(frozen=True, slots=True)
class Strike:
    """A fault that was inflicted, when, and the population that its victim held."""

    kind: Kind
    at: float  # seconds since 1970
    population: str | None = None


class Nemesis:
    """The hand that strikes one site; what it did is in `strikes`, what it saw go wrong in `seen`."""

    def __init__(self, site: Site, clients: Clients) -> None:
        self.strikes: list[Strike] = []
        self.seen: list[str] = []
        self._site = site
        self._clients = clients
        self._tokens: dict[str, int] = {}
        self._orphans: set[tuple[str, int]] = set()  # populations under tokens whose holders are gone
        self._held: dict[str, Timer] = {}  # worker: what will let go of it

    def go_through(self, plan: Sequence[Fault], tell: Callable[[int], object] = lambda _done: None) -> None:
        """Inflict every fault, telling how many it were so far; afterwards nothing is held any more."""
        for done, fault in enumerate(plan, start=1):
            self._clients.keep_busy()
            time.sleep(fault.after_seconds)
            eventually(self._spares_the_last_attempt, "no population is at its last attempt", seconds=90)
            self._watch_tokens()
            _INFLICT[fault.kind](self, fault)
            tell(done)
        for timer in self._held.values():
            timer.join()
        self._watch_tokens()

    def _kill(self, fault: Fault) -> None:
        def at_work() -> bool:
            self._site.supervise()
            self._clients.keep_busy()
            return self._try_to_kill(fault)

        eventually(at_work, "a worker is training", seconds=90)

    def _try_to_kill(self, fault: Fault) -> bool:
        """Kill a worker that holds a population; one that stands still cannot turn to another meanwhile."""
        holders = {
            name for name, population in self._holders().items() if population.leases_lost < LAST_ATTEMPT
        }
        free = [worker for worker in self._free_workers() if worker.name in holders]
        if not free:
            return False
        worker = free[int(fault.choice * len(free))]
        processes = worker.main() + worker.below()
        worker.send(signal.SIGSTOP, processes)
        population = self._holders().get(worker.name)
        if population is None or population.leases_lost >= LAST_ATTEMPT:
            worker.send(signal.SIGCONT, processes)
            return False
        self._orphan(fault.kind, population)
        if fault.kind is Kind.KILL_WORKER:
            worker.send(signal.SIGKILL, worker.main())
            worker.restart()
        else:
            worker.send(signal.SIGKILL, worker.trainers())
            worker.send(signal.SIGCONT, worker.main())
        return True

    def _pause(self, fault: Fault) -> None:
        worker = self._free_worker(fault)
        processes = worker.main() + worker.below()
        worker.send(signal.SIGSTOP, processes)
        held = self._holders().get(worker.name)
        self._orphan(fault.kind, held)
        self._hold(worker, lambda: worker.send(signal.SIGCONT, processes))

    def _flush_broker(self, fault: Fault) -> None:
        self._note(fault.kind)
        eventually(self._broker_is_empty, "the broker answers")

    def _kill_broker(self, fault: Fault) -> None:
        child = self._site.broker.child
        assert child is not None
        self._note(fault.kind)
        child.kill()
        child.start()

    def _freeze_broker(self, fault: Fault) -> None:
        # Nobody cuts these connections: that they are dead the worker has to find out by itself.
        worker = self._free_worker(fault)
        self._note(fault.kind)
        worker.broker.freeze()

    def _freeze_database(self, fault: Fault) -> None:
        worker = self._free_worker(fault)
        assert worker.database is not None
        held = self._holders().get(worker.name)
        self._orphan(fault.kind, held)
        worker.database.freeze()
        self._hold(worker, worker.database.cut)

    def _crash_database(self, fault: Fault) -> None:
        assert self._site.postgres is not None
        self._note(fault.kind)
        self._site.postgres.crash()
        self._site.postgres.start()

    def _kill_api(self, fault: Fault) -> None:
        with ThreadPoolExecutor(1) as clients:
            promised = clients.submit(self._clients.submit, times=2)
            time.sleep(fault.choice * SUBMISSION_SECONDS)
            self._note(fault.kind)
            self._site.api.kill()
            self._site.api.start()
            promised.result()

    def _free_workers(self) -> list[StruckWorker]:
        return [
            worker
            for worker in self._site.workers
            if worker.name not in self._held or not self._held[worker.name].is_alive()
        ]

    def _free_worker(self, fault: Fault) -> StruckWorker:
        eventually(self._free_workers, "a worker is free")
        free = self._free_workers()
        return free[int(fault.choice * len(free))]

    def _hold(self, worker: StruckWorker, release: Callable[[], None]) -> None:
        # In a thread of its own: one that was stopped in a transaction keeps the place of SQLite's only
        # writer, and a submission that waits for it must not keep it from being continued.
        self._held[worker.name] = Timer(HELD_SECONDS, release)
        self._held[worker.name].start()

    def _orphan(self, kind: Kind, population: PopulationRow | None) -> None:
        if population is not None:
            self._orphans.add((population.public_id, population.fencing_token))
        self._note(kind, population.public_id if population else None)

    def _note(self, kind: Kind, population: str | None = None) -> None:
        self.strikes.append(Strike(kind, time.time(), population))

    def _broker_is_empty(self) -> bool:
        try:
            self._site.flush_broker()
        except redis.RedisError:  # it was killed just now
            return False
        return True

    def _spares_the_last_attempt(self) -> bool:
        self._site.supervise()
        with self._site.database.read() as session:
            return not session.scalars(
                select(PopulationRow.id).where(
                    PopulationRow.state != PopulationState.FINISHED, PopulationRow.leases_lost >= LAST_ATTEMPT
                )
            ).all()

    def _holders(self) -> dict[str, PopulationRow]:
        with self._site.database.read() as session:
            rows = session.scalars(
                select(PopulationRow).where(PopulationRow.state == PopulationState.RUNNING)
            ).all()
        # A worker that was killed has its name on a lease until that is over.
        return {
            str(row.lease_owner): row
            for row in rows
            if (row.public_id, row.fencing_token) not in self._orphans
        }

    def _watch_tokens(self) -> None:
        with self._site.database.read() as session:
            rows = session.execute(select(PopulationRow.public_id, PopulationRow.fencing_token)).all()
        for population, token in rows:
            if token < self._tokens.get(population, 0):
                self.seen.append(f"{population}: its token fell from {self._tokens[population]} to {token}")
            self._tokens[population] = token


_INFLICT: dict[Kind, Callable[[Nemesis, Fault], None]] = {
    Kind.KILL_WORKER: Nemesis._kill,
    Kind.KILL_TRAINER: Nemesis._kill,
    Kind.PAUSE_WORKER: Nemesis._pause,
    Kind.FLUSH_BROKER: Nemesis._flush_broker,
    Kind.KILL_BROKER: Nemesis._kill_broker,
    Kind.STALL_BROKER: Nemesis._freeze_broker,
    Kind.STALL_DATABASE: Nemesis._freeze_database,
    Kind.CRASH_DATABASE: Nemesis._crash_database,
    Kind.KILL_API: Nemesis._kill_api,
}
