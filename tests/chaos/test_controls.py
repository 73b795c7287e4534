"""The tests of the tests: with one guard taken away, what should find it does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from service.lifecycle.claim import Claim, claim_population
from service.lifecycle.create_together import Creation, create_sweeps
from service.lifecycle.owners import local_owner
from service.lifecycle.record import record
from service.lifecycle.requeue import queued_populations, requeue_expired
from service.lifecycle.submit import submit
from service.store.clock import now
from service.store.database import Database
from service.store.schema import Checkpoint, Event, LossRow, PopulationRow, Run, Sweep, Weights
from service.store.sweep_queries import SweepView
from tests.chaos.alone import SWEEP
from tests.chaos.checker import broken_rules, differences, unfinished
from tests.chaos.history import read_history
from tests.chaos.life import life_in
from tests.chaos.pretended import PretendedWorker

SEARCH = settings(
    max_examples=60,
    stateful_step_count=30,
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate,),
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
EPOCHS = 12
BODY = json.dumps({**SWEEP, "parameters": {**SWEEP["parameters"], "epochs": EPOCHS}}).encode()


@pytest.fixture
def database(sqlite_url: str) -> Any:
    """A fresh database; what is taken away here is the same on both engines."""
    database = Database(sqlite_url)
    yield database
    database.dispose()


def _unfenced(session: Session, claim: Claim, *, renewed_for: float | None = None, **values: Any) -> None:
    if renewed_for is not None:
        values["lease_expires_at"] = now() + round(renewed_for * 1000)
    session.execute(update(PopulationRow).where(PopulationRow.id == claim.population_id).values(**values))


def _patch(monkeypatch: pytest.MonkeyPatch, name: str, mutant: Callable[..., Any]) -> None:
    """Replace a function of the lifecycle wherever one of its modules has taken it by name."""
    for module in ("lease", "record", "give_back"):
        monkeypatch.setattr(f"service.lifecycle.{module}.{name}", mutant, raising=False)


def test_without_the_fence_a_late_writer_is_found(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _patch(monkeypatch, "change_leased", _unfenced)
    with pytest.raises(AssertionError, match=r"late worker|changed afterwards|its token|epochs done"):
        run_state_machine_as_test(life_in(database), settings=SEARCH)


def test_a_token_that_is_not_raised_is_found(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def requeue_without_a_token(session: Session) -> int:
        before = {row.id: row.fencing_token for row in session.scalars(select(PopulationRow))}
        freed = requeue_expired(session)
        for key, token in before.items():
            session.execute(update(PopulationRow).where(PopulationRow.id == key).values(fencing_token=token))
        return freed

    monkeypatch.setattr("tests.chaos.life.requeue_expired", requeue_without_a_token)
    with pytest.raises(AssertionError, match="its fencing token is"):
        run_state_machine_as_test(life_in(database), settings=SEARCH)


def _rings_in_vain(database: Database) -> int:
    """How many rings of a submission announce work that whoever comes at once does not find."""
    vain = 0

    def ring(populations: int) -> None:
        nonlocal vain
        with database.read() as session:
            vain += max(0, populations - queued_populations(session))

    owner = database.run(local_owner)
    submitted = submit(database, owner_id=owner, body=BODY, idempotency_key=None, max_runs=100)
    ring(submitted.populations)
    return vain


def test_a_ring_finds_what_it_announces(database: Database) -> None:
    assert _rings_in_vain(database) == 0


def test_a_ring_before_the_commit_is_found(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    vain = []

    def create_and_ring(session: Session, creations: Sequence[Creation]) -> list[SweepView]:
        made = create_sweeps(session, creations)
        with database.read() as other:
            vain.append(len(creations[0].plan.populations) - queued_populations(other))
        return made

    monkeypatch.setattr("service.lifecycle.arrivals.create_sweeps", create_and_ring)
    _rings_in_vain(database)
    assert vain[0] > 0


def _refused_units(url: str, *, writers: int = 4, units: int = 15) -> int:
    """How many of the units of several processes' worth of writers the database refuses as busy."""
    refused = []
    barrier = threading.Barrier(writers)

    def unit(session: Session) -> None:
        events = session.scalars(select(Sweep.event_count)).one()
        session.execute(update(Sweep).values(event_count=events + 1))

    def write() -> None:
        database = Database(url)  # each its own, as processes have
        barrier.wait()
        for _ in range(units):
            try:
                database.run(unit)
            except OperationalError as error:
                refused.append(str(error))
        database.dispose()

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all("locked" in each for each in refused)
    return len(refused)


def test_a_write_transaction_takes_its_lock_at_its_beginning(
    database: Database, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _rings_in_vain(database)
    assert _refused_units(sqlite_url) == 0
    monkeypatch.setattr(
        "service.store.database._begin_sqlite", lambda connection: connection.exec_driver_sql("BEGIN")
    )
    assert _refused_units(sqlite_url) > 0


TAMPERINGS: dict[str, tuple[Callable[[Session], object], str]] = {
    "a loss row is missing": (
        lambda session: session.execute(delete(LossRow).where(LossRow.epoch == 3)),
        "has losses of",
    ),
    "the lowest bit of a loss": (
        lambda session: session.execute(
            update(LossRow).where(LossRow.epoch == 5).values(train_loss=LossRow.train_loss * (1 + 2**-52))
        ),
        "the losses of epoch 5",
    ),
    "other weights": (
        lambda session: session.execute(update(Weights).values(weights_sha256="0" * 64)),
        "another hash",
    ),
    "another hash": (
        lambda session: session.execute(update(Run).values(weights_sha256="0" * 64)),
        "weights_sha256 is",
    ),
    "an event is missing": (
        lambda session: session.execute(delete(Event).where(Event.number == 2)),
        "without a gap",
    ),
    "a run is counted twice": (
        lambda session: session.execute(update(Sweep).values(completed_count=Sweep.completed_count + 1)),
        "completed runs, has",
    ),
    "an epoch is counted twice": (
        lambda session: session.execute(update(Sweep).values(epochs_done=Sweep.epochs_done + 1)),
        "epochs done",
    ),
    "a run is still queued": (
        lambda session: session.execute(update(Run).where(Run.number == 1).values(state="queued")),
        "run 1 is queued",
    ),
    "a population is still leased": (
        lambda session: session.execute(update(PopulationRow).values(state="running", lease_owner="w1")),
        "is running",
    ),
    "a token fell": (
        lambda session: session.execute(update(PopulationRow).values(fencing_token=0)),
        "its fencing token is 0",
    ),
    "a checkpoint is left over": (
        lambda session: session.add(
            Checkpoint(
                run_id=session.scalars(select(Run.id)).first(),
                epoch=1,
                sha256="c" * 64,
                content=b"",
                fencing_token=1,
                created_at=0,
            )
        ),
        "checkpoint left",
    ),
    "a replay that differed": (
        lambda session: session.execute(update(Run).values(replay={"epoch": 3})),
        "trained again differed",
    ),
}


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=list(TAMPERINGS))
def test_the_checker_finds(database: Database, tampering: str) -> None:
    change, expected = TAMPERINGS[tampering]
    _rings_in_vain(database)
    while claim := database.run(
        lambda session: claim_population(session, worker="w1", environment_class="e" * 64, lease_seconds=60.0)
    ):
        batch = PretendedWorker(claim).advance(EPOCHS, checkpoint=False)
        database.run(lambda session: record(session, claim, batch, lease_seconds=60.0))  # noqa: B023
    with database.read() as session:
        (quiet,) = read_history(session)
    assert broken_rules([quiet]) + unfinished([quiet]) + differences(quiet, quiet) == []
    with database.write() as session:
        change(session)
    with database.read() as session:
        (found,) = read_history(session)
    faults = broken_rules([found]) + unfinished([found]) + differences(found, quiet)
    assert any(expected in fault for fault in faults), faults
