"""A retry takes up what failed or was canceled, and no late writer of the first attempt disturbs it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from core.version import NUMERICS_VERSION
from service.errors import Conflict, LeaseLost, NotFound
from service.lifecycle.cancel import cancel_sweep
from service.lifecycle.claim import Claim
from service.lifecycle.owners import local_owner
from service.lifecycle.pause import pause_sweep
from service.lifecycle.record import Batch, Ending, Progress, record
from service.lifecycle.retry import retry_sweep
from service.planning.measurements import Measurement
from service.planning.statuses import RunState
from service.store.database import Database
from service.store.schema import Checkpoint, LossRow, PopulationRow, Run, Sweep

Store = Callable[..., str]
TakeClaim = Callable[..., Claim]
Measure = Callable[..., Measurement]


@pytest.fixture(autouse=True)
def _of_this_arithmetic(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweeps of these tests are of numerics version 1."""
    monkeypatch.setattr("service.lifecycle.retry.NUMERICS_VERSION", 1)


def _retry(database: Database, sweep: str) -> int:
    return database.run(lambda session: retry_sweep(session, local_owner(session), sweep))


def _cancel(database: Database, sweep: str) -> None:
    database.run(lambda session: cancel_sweep(session, local_owner(session), sweep))


def _sweep(database: Database) -> Sweep:
    with database.read() as session:
        return session.scalars(select(Sweep)).one()


def _epochs(claim: Claim, epochs: range, measure: Measure, *, checkpoint: int | None = None) -> Batch:
    batch = Batch(epoch=epochs[-1])
    for run in claim.runs:
        batch.measurements += [measure(run.run_id, epoch) for epoch in epochs]
        latest = batch.measurements[-1]
        batch.progress[run.run_id] = Progress(
            latest, {"train_loss": {"last": 0.6}}, 1, 0.25, latest.values[:4]
        )
        if checkpoint is not None:
            batch.checkpoints[run.run_id] = (checkpoint, "a" * 64, b"state")
    return batch


def _record(database: Database, claim: Claim, batch: Batch) -> None:
    database.run(lambda session: record(session, claim, batch, lease_seconds=30.0))


def _fail(database: Database, claim: Claim) -> None:
    endings = [Ending(run.run_id, RunState.FAILED, "an error", run.epoch) for run in claim.runs]
    _record(database, claim, Batch(endings=endings))


def test_canceled_runs_go_on_from_their_checkpoints(
    database: Database, stored: Store, claimed: TakeClaim, measured: Measure
) -> None:
    sweep = stored(2, 1)
    first = claimed()
    _record(database, first, _epochs(first, range(1, 3), measured, checkpoint=1))
    _cancel(database, sweep)
    assert _sweep(database).epochs_done == 4
    assert _retry(database, sweep) == 2
    row = _sweep(database)
    assert (row.state, row.intent, row.queued_count, row.canceled_count) == ("queued", "run", 3, 0)
    assert row.finished_at is None
    claims = sorted((claimed(), claimed()), key=lambda claim: len(claim.runs))
    assert [[run.checkpoint for run in claim.runs] for claim in claims] == [[None], [b"state", b"state"]]
    assert _sweep(database).epochs_done == 4
    _record(database, claims[1], _epochs(claims[1], range(2, 4), measured))
    assert _sweep(database).epochs_done == 6
    with database.read() as session:
        rows = session.execute(select(LossRow.run_id, LossRow.epoch).order_by(LossRow.run_id, LossRow.epoch))
        assert [epoch for _run, epoch in rows] == [1, 2, 3, 1, 2, 3]


def test_a_late_writer_of_the_first_attempt_finds_nothing(
    database: Database, stored: Store, claimed: TakeClaim, measured: Measure
) -> None:
    sweep = stored(1)
    late = claimed(worker="late")
    _cancel(database, sweep)
    _retry(database, sweep)
    second = claimed(worker="second")
    assert second.population_id != late.population_id
    with pytest.raises(LeaseLost):
        _record(database, late, _epochs(late, range(1, 2), measured))
    with database.read() as session:
        assert session.scalars(select(LossRow)).all() == []


def test_what_failed_in_training_begins_again_with_nothing_of_before(
    database: Database, stored: Store, claimed: TakeClaim, measured: Measure
) -> None:
    sweep = stored(2)
    claim = claimed()
    _record(database, claim, _epochs(claim, range(1, 3), measured, checkpoint=1))
    _fail(database, claim)
    assert (_sweep(database).state, _sweep(database).epochs_done) == ("failed", 6)
    assert _retry(database, sweep) == 1
    row = _sweep(database)
    assert (row.state, row.epochs_done, row.failed_count, row.queued_count) == ("queued", 0, 0, 2)
    with database.read() as session:
        assert session.scalars(select(LossRow)).all() == []
        assert session.scalars(select(Checkpoint)).all() == []
        run = session.scalars(select(Run)).first()
        assert run is not None
        assert (run.epoch, run.metrics, run.reason, run.finished_at, run.train_loss) == (
            0,
            {},
            None,
            None,
            None,
        )
    assert [run.epoch for run in claimed(environment="f" * 64).runs] == [0, 0]


def test_attempts_are_counted_from_the_beginning(
    database: Database, stored: Store, claimed: TakeClaim
) -> None:
    sweep = stored(1)
    with database.write() as session:
        session.execute(update(PopulationRow).values(leases_lost=2))
    claimed()
    _cancel(database, sweep)
    _retry(database, sweep)
    with database.read() as session:
        found = select(PopulationRow.state, PopulationRow.leases_lost).order_by(PopulationRow.id)
        assert [tuple(row) for row in session.execute(found)] == [("finished", 2), ("queued", 0)]


def test_checkpoints_of_other_arithmetic_are_not_gone_on_from(
    database: Database, stored: Store, claimed: TakeClaim, measured: Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = stored(1)
    claim = claimed()
    _record(database, claim, _epochs(claim, range(1, 3), measured, checkpoint=2))
    _cancel(database, sweep)
    monkeypatch.setattr("service.lifecycle.retry.NUMERICS_VERSION", NUMERICS_VERSION + 1)
    _retry(database, sweep)
    assert [(run.epoch, run.checkpoint) for run in claimed().runs] == [(0, None)]


def test_what_is_retried_in_a_paused_sweep_stays_paused(
    database: Database, stored: Store, claimed: TakeClaim
) -> None:
    sweep = stored(1, 1)
    _fail(database, claimed())
    database.run(lambda session: pause_sweep(session, local_owner(session), sweep))
    assert _retry(database, sweep) == 0
    row = _sweep(database)
    assert (row.state, row.intent, row.paused_count, row.failed_count) == ("paused", "pause", 2, 0)


def test_a_headline_of_before_is_forgotten(database: Database, stored: Store) -> None:
    sweep = stored(1)
    _cancel(database, sweep)
    with database.write() as session:
        session.execute(update(Sweep).values(headline="what was known then", best_result={"n": 1}))
    _retry(database, sweep)
    assert (_sweep(database).headline, _sweep(database).best_result) == (None, None)


def test_to_retry_twice_changes_nothing_and_what_succeeded_is_not_retried(
    database: Database, stored: Store, claimed: TakeClaim, measured: Measure
) -> None:
    sweep = stored(1)
    _cancel(database, sweep)
    assert _retry(database, sweep) == 1
    assert _retry(database, sweep) == 0
    claim = claimed()
    batch = _epochs(claim, range(1, 4), measured)
    batch.endings = [Ending(claim.runs[0].run_id, RunState.COMPLETED, "trained for 3 epochs", 3)]
    _record(database, claim, batch)
    with pytest.raises(Conflict, match="is completed, and none of its runs is canceled or failed"):
        _retry(database, sweep)


def test_a_foreign_sweep_is_not_there_to_be_retried(database: Database, stored: Store) -> None:
    with pytest.raises(NotFound):
        _retry(database, stored(1, owner="ann"))
