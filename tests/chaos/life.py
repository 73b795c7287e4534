"""The life of runs as a state machine: whatever happens in whatever order, the invariants hold."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import delete, select, update

from service.errors import Conflict, LeaseLost
from service.lifecycle.cancel import cancel_sweep
from service.lifecycle.claim import claim_population
from service.lifecycle.give_back import give_back
from service.lifecycle.lease import hold
from service.lifecycle.owners import local_owner
from service.lifecycle.record import record
from service.lifecycle.requeue import FAIL_AFTER, requeue_expired
from service.lifecycle.submit import submit
from service.planning.statuses import PopulationState, RunState
from service.store.clock import now
from service.store.database import Database
from service.store.models.base import Base
from service.store.schema import PopulationRow, Run
from tests.chaos.checker import broken_rules, unfinished, went_back
from tests.chaos.history import StoredSweep, read_history
from tests.chaos.pretended import PretendedWorker, expected

Item = TypeVar("Item")

EPOCHS = 5
LEASE_SECONDS = 3600.0  # only what a rule does makes a lease expire
HOUR = 3_600_000  # milliseconds
ENVIRONMENT = "e" * 64
INDEX = st.integers(0, 2**16)  # which one of those that there are, modulo their number


class LifeOfRuns(RuleBasedStateMachine):
    """Several workers, some of them late, and the owner of a few small sweeps.

    `holders` is this machine's own opinion of who may write: the product must come to the same.
    """

    database: Database  # set in a subclass

    def __init__(self) -> None:
        super().__init__()
        self.owner = _emptied(self.database)
        self.keys: dict[str, str] = {}  # idempotency key -> sweep
        self.workers: list[PretendedWorker] = []  # everyone who ever claimed, the late ones too
        self.holders: dict[int, PretendedWorker] = {}  # population -> who may write to it
        self.losses_in_a_row: Counter[int] = Counter()  # by run: leases lost since its last checkpoint
        self.before: tuple[StoredSweep, ...] = ()

    @initialize(runs=st.integers(1, 5))
    def begin(self, runs: int) -> None:
        self._submit(runs)

    @precondition(lambda self: len(self.keys) < 3)
    @rule(runs=st.integers(1, 5))
    def submit(self, runs: int) -> None:
        self._submit(runs)

    @rule(index=INDEX)
    def repeat_a_submission(self, index: int) -> None:
        key = _one_of(list(self.keys), index)
        again = submit(self.database, owner_id=self.owner, body=_body(key), idempotency_key=key, max_runs=100)
        assert again.replayed, f"key {key} made a second sweep"
        assert again.public_id == self.keys[key]

    @rule()
    def claim(self) -> None:
        name = f"w{len(self.workers)}"
        found = self.database.run(
            lambda session: claim_population(
                session, worker=name, environment_class=ENVIRONMENT, lease_seconds=LEASE_SECONDS
            )
        )
        if found is None:
            assert self._states()[PopulationState.QUEUED] == 0, "what is queued was not claimed"
            return
        assert found.population_id not in self.holders, "a population was claimed while it was held"
        self.workers.append(PretendedWorker(found))
        self.holders[found.population_id] = self.workers[-1]

    @precondition(lambda self: self.workers)
    @rule(index=INDEX)
    def beat(self, index: int) -> None:
        worker = _one_of(self.workers, index)
        self._write(
            worker,
            lambda: self.database.run(
                lambda session: hold(session, worker.claim, lease_seconds=LEASE_SECONDS)
            ),
        )

    @precondition(lambda self: self.workers)
    @rule(index=INDEX, epochs=st.integers(1, 3), checkpoint=st.booleans())
    def record(self, index: int, epochs: int, checkpoint: bool) -> None:
        self._record(_one_of(self.workers, index), epochs, checkpoint=checkpoint)

    @precondition(lambda self: self.holders)
    @rule(index=INDEX, epochs=st.integers(1, 3), checkpoint=st.booleans())
    def record_in_time(self, index: int, epochs: int, checkpoint: bool) -> None:
        self._record(_one_of(list(self.holders.values()), index), epochs, checkpoint=checkpoint)

    @precondition(lambda self: self.workers)
    @rule(index=INDEX)
    def hand_back(self, index: int) -> None:
        worker = _one_of(self.workers, index)
        if self._write(worker, lambda: self.database.run(lambda s: give_back(s, worker.claim))):
            del self.holders[worker.claim.population_id]

    @precondition(lambda self: self.holders)
    @rule(index=INDEX)
    def lose(self, index: int) -> None:
        """A worker falls silent until its lease is over; it may still be heard of."""
        population = _one_of(list(self.holders), index)
        with self.database.write() as session:
            session.execute(
                update(PopulationRow).where(PopulationRow.id == population).values(lease_expires_at=now() - 1)
            )
        self._requeue({population})

    @rule(hours=st.sampled_from([-24, -1, 1, 24]))
    def jump(self, hours: int) -> None:
        """The database's clock jumps: every lease moves the other way."""
        with self.database.write() as session:
            session.execute(
                update(PopulationRow).values(lease_expires_at=PopulationRow.lease_expires_at - hours * HOUR)
            )
        expired = set()
        with self.database.read() as session:
            expired |= set(
                session.scalars(
                    select(PopulationRow.id).where(
                        PopulationRow.state == PopulationState.RUNNING, PopulationRow.lease_expires_at < now()
                    )
                )
            )
        assert expired <= set(self.holders)
        self._requeue(expired)

    @precondition(lambda self: self.keys)
    @rule(index=INDEX)
    def cancel(self, index: int) -> None:
        sweep = _one_of(list(self.keys.values()), index)
        over = all(run.state.is_final for run in self._history(sweep).runs)
        try:
            self.database.run(lambda session: cancel_sweep(session, self.owner, sweep))
        except Conflict:
            assert over, "a sweep that goes on could not be canceled"
            return
        assert not over, "a sweep was canceled after its end"
        for population in self._history(sweep).populations:
            self.holders.pop(population.key, None)

    # Pause, resume, retry and extend belong here: one rule each. Who takes a population from its worker
    # removes it from `holders`; who makes a final run queued again tells `went_back` of it.

    @invariant()
    def the_rules_hold(self) -> None:
        with self.database.read() as session:
            history = tuple(read_history(session))
        faults = broken_rules(history) + went_back(self.before, history)
        assert not faults, "\n".join(faults)
        self.before = history

    def teardown(self) -> None:
        """Everything comes to its end, and every run that completed is what it would have been in peace."""
        for worker in list(self.holders.values()):
            self._record(worker, EPOCHS, checkpoint=False)
        while self._states()[PopulationState.QUEUED]:
            self.claim()
            self._record(self.workers[-1], EPOCHS, checkpoint=False)
        self.the_rules_hold()
        assert not unfinished(self.before)
        for sweep in self.before:
            for run in sweep.runs:
                if run.state is RunState.COMPLETED:
                    losses, digest = expected(run.seed, run.epochs)
                    found = [values[0] for _epoch, values in run.losses]
                    assert found == [repr(loss) for loss in losses], "other losses than in peace"
                    assert run.weights_sha256 == digest, "other weights than in peace"
                    assert run.weights == {"final": digest}

    def _submit(self, runs: int) -> None:
        key = f"{len(self.keys)} {runs}"
        found = submit(self.database, owner_id=self.owner, body=_body(key), idempotency_key=key, max_runs=100)
        assert not found.replayed
        self.keys[key] = found.public_id

    def _record(self, worker: PretendedWorker, epochs: int, *, checkpoint: bool) -> None:
        batch = worker.advance(epochs, checkpoint=checkpoint)
        written = self._write(
            worker,
            lambda: self.database.run(
                lambda session: record(session, worker.claim, batch, lease_seconds=LEASE_SECONDS)
            ),
        )
        if written:
            for run in batch.checkpoints:
                self.losses_in_a_row[run] = 0
            if not worker.trainees:
                del self.holders[worker.claim.population_id]

    def _write(self, worker: PretendedWorker, write: Callable[[], object]) -> bool:
        """Whether the write was accepted: it must be just if the worker is still the holder."""
        holds = self.holders.get(worker.claim.population_id) is worker
        try:
            write()
        except LeaseLost:
            assert not holds, "a worker that holds its population could not write"
            return False
        assert holds, "a late worker could write"
        return True

    def _requeue(self, populations: set[int]) -> None:
        with self.database.read() as session:
            lost = session.scalars(
                select(Run.id).where(Run.population_id.in_(populations), Run.state == RunState.RUNNING)
            ).all()
        self.losses_in_a_row.update(lost)
        assert self.database.run(requeue_expired) == len(populations)
        for population in populations:
            del self.holders[population]
        with self.database.read() as session:
            for run in session.scalars(select(Run.id).where(Run.state == RunState.FAILED)):
                assert self.losses_in_a_row[run] >= FAIL_AFTER, "a run failed before its last attempt"

    def _states(self) -> Counter[str]:
        with self.database.read() as session:
            return Counter(session.scalars(select(PopulationRow.state)))

    def _history(self, sweep: str) -> StoredSweep:
        with self.database.read() as session:
            return next(each for each in read_history(session) if each.public_id == sweep)


def life_in(database: Database) -> type[LifeOfRuns]:
    """The state machine on one database, which is emptied for each example."""
    return type("LifeOfRunsHere", (LifeOfRuns,), {"database": database})


def _one_of(those: list[Item], index: int) -> Item:
    return those[index % len(those)]


def _body(key: str) -> bytes:
    """A submission of so many runs as the key's last word says."""
    submission = {
        "name": key,
        "dataset": "iris",
        "rerun": True,
        "baselines": False,
        "seeds": int(key.rsplit(maxsplit=1)[-1]),
        "parameters": {"learning_rate": 0.1, "hidden_layers": {"value": [2]}, "epochs": EPOCHS},
    }
    return json.dumps(submission).encode()


def _emptied(database: Database) -> int:
    with database.write() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(delete(table))
        return local_owner(session)
