"""A worker's record is written whole under its fencing token, or not at all."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import pytest
from sqlalchemy import select, update

from service.errors import Conflict, LeaseLost, NotFound
from service.lifecycle.cancel import cancel_sweep
from service.lifecycle.claim import Claim
from service.lifecycle.give_back import give_back
from service.lifecycle.owners import local_owner
from service.lifecycle.record import Batch, Ending, KeptWeights, Leader, Progress, record
from service.planning.measurements import Measurement
from service.planning.statuses import RunState
from service.store.database import Database
from service.store.schema import Checkpoint, Event, LossRow, PopulationRow, Run, Sweep, Weights

Store = Callable[..., str]
TakeClaim = Callable[..., Claim]
Measure = Callable[..., Measurement]


def _batch(claim: Claim, epoch: int, measure: Measure) -> Batch:
    batch = Batch(epoch=epoch)
    for run in claim.runs:
        measurement = measure(run.run_id, epoch)
        batch.measurements.append(measurement)
        batch.progress[run.run_id] = Progress(
            measurement, {"train_loss": {"last": 0.6}}, epoch, 0.25, measurement.values[:4]
        )
    return batch


def _end(claim: Claim, batch: Batch) -> Batch:
    for run in claim.runs:
        kept = KeptWeights("final", batch.epoch, "f" * 64, b"weights")
        batch.endings.append(
            Ending(
                run.run_id,
                RunState.COMPLETED,
                "reached its last epoch",
                batch.epoch,
                weights_sha256="f" * 64,
                test_loss=0.3,
                test_score=0.9,
                weights=(kept,),
            )
        )
    return batch


def _record(database: Database, claim: Claim, batch: Batch) -> None:
    database.run(lambda session: record(session, claim, batch, lease_seconds=30.0))


def test_a_record_writes_losses_progress_and_an_event(
    database: Database, stored: Store, claimed: TakeClaim, measured: Measure
) -> None:
    stored(2)
    claim = claimed()
    _record(database, claim, _batch(claim, 1, measured))
    with database.read() as session:
        assert len(session.scalars(select(LossRow)).all()) == 2
        run = session.scalars(select(Run).where(Run.number == 1)).one()
        assert (run.epoch, run.train_loss, run.validation_score) == (1, 0.6, 0.9)
        assert session.scalars(select(Sweep.epochs_done)).one() == 2
        assert session.scalars(select(Event.number).order_by(Event.number)).all() == [1, 2]


def test_a_replayed_epoch_counts_once(
    database: Database, stored: Store, claimed: TakeClaim, measured: Measure
) -> None:
    stored(1)
    claim = claimed()
    _record(database, claim, _batch(claim, 2, measured))
    _record(database, claim, _batch(claim, 2, measured))
    with database.read() as session:
        assert len(session.scalars(select(LossRow)).all()) == 1
        assert session.scalars(select(Sweep.epochs_done)).one() == 2


def test_values_that_are_not_finite_are_null_with_a_code(
    database: Database, stored: Store, claimed: TakeClaim, measured: Measure
) -> None:
    stored(1)
    claim = claimed()
    batch = _batch(claim, 1, lambda run, epoch: measured(run, epoch, validation_loss=math.inf))
    _record(database, claim, batch)
    with database.read() as session:
        row = session.scalars(select(LossRow)).one()
        assert row.validation_loss is None
        assert row.non_finite == 2 << 4  # Infinity in the third column
        assert session.scalars(select(Run.validation_loss)).one() is None


def test_a_population_is_finished_with_its_last_run(
    database: Database, stored: Store, claimed: TakeClaim, measured: Measure
) -> None:
    stored(2)
    claim = claimed()
    _record(database, claim, _end(claim, _batch(claim, 3, measured)))
    with database.read() as session:
        population = session.scalars(select(PopulationRow)).one()
        assert (population.state, population.lease_owner) == ("finished", None)
        sweep = session.scalars(select(Sweep)).one()
        assert (sweep.state, sweep.completed_count, sweep.epochs_done) == ("completed", 2, 6)
        assert sweep.finished_at is not None
        assert {row.content for row in session.scalars(select(Weights))} == {b"weights"}
        run = session.scalars(select(Run).where(Run.number == 2)).one()
        assert (run.state, run.test_score, run.weights_sha256) == ("completed", 0.9, "f" * 64)


def test_a_late_writer_is_refused_and_leaves_no_trace(
    database: Database, stored: Store, claimed: TakeClaim, measured: Measure
) -> None:
    stored(1)
    late = claimed(worker="late")
    database.run(lambda session: give_back(session, late))
    claimed(worker="next")
    with pytest.raises(LeaseLost, match="no longer leased to late"):
        _record(database, late, _end(late, _batch(late, 3, measured)))
    with database.read() as session:
        assert session.scalars(select(LossRow)).all() == []
        assert session.scalars(select(Run.state)).one() == "running"


def test_without_the_fence_a_late_writer_would_get_through(
    database: Database,
    stored: Store,
    claimed: TakeClaim,
    measured: Measure,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored(1)
    late = claimed(worker="late")
    database.run(lambda session: give_back(session, late))
    claimed(worker="next")
    monkeypatch.setattr("service.lifecycle.record.hold", lambda *_arguments, **_options: None)
    _record(database, late, _end(late, _batch(late, 3, measured)))
    with database.read() as session:
        assert session.scalars(select(Run.state)).one() == "completed"


def test_checkpoints_are_replaced_and_go_with_their_run(
    database: Database, stored: Store, claimed: TakeClaim, measured: Measure
) -> None:
    stored(1)
    claim = claimed()
    for epoch in (1, 2):
        batch = _batch(claim, epoch, measured)
        batch.checkpoints = {claim.runs[0].run_id: (epoch, "a" * 64, f"epoch {epoch}".encode())}
        _record(database, claim, batch)
    with database.read() as session:
        assert session.scalars(select(Checkpoint)).one().content == b"epoch 2"
    _record(database, claim, _end(claim, _batch(claim, 3, measured)))
    with database.read() as session:
        assert session.scalars(select(Checkpoint)).all() == []


def test_a_population_that_is_handed_back_goes_on_from_its_checkpoint(
    database: Database, stored: Store, claimed: TakeClaim, measured: Measure
) -> None:
    stored(1)
    claim = claimed()
    batch = _batch(claim, 2, measured)
    batch.checkpoints = {claim.runs[0].run_id: (2, "a" * 64, b"state")}
    _record(database, claim, batch)
    database.run(lambda session: give_back(session, claim))
    again = claimed(worker="next")
    assert again.fencing_token > claim.fencing_token
    assert (again.runs[0].epoch, again.runs[0].checkpoint) == (2, b"state")
    with database.read() as session:
        assert session.scalars(select(PopulationRow.leases_lost)).one() == 0


def test_canceling_takes_the_population_from_its_worker(
    database: Database, stored: Store, claimed: TakeClaim, measured: Measure
) -> None:
    sweep = stored(1, 1)
    claim = claimed()
    with database.write() as session:
        cancel_sweep(session, local_owner(session), sweep)
    with pytest.raises(LeaseLost):
        _record(database, claim, _batch(claim, 1, measured))
    with database.read() as session:
        assert set(session.scalars(select(Run.state))) == {"canceled"}
        row = session.scalars(select(Sweep)).one()
        assert (row.state, row.canceled_count, row.running_count) == ("canceled", 2, 0)
    with database.write() as session, pytest.raises(Conflict, match="is canceled"):
        cancel_sweep(session, local_owner(session), sweep)


def test_a_foreign_sweep_cannot_be_canceled(database: Database, stored: Store) -> None:
    sweep = stored(1, owner="ann")
    with database.write() as session, pytest.raises(NotFound):
        cancel_sweep(session, local_owner(session), sweep)


def test_epochs_that_are_trained_again_neither_count_twice_nor_take_a_run_back(
    database: Database, stored: Store, claimed: TakeClaim, measured: Measure
) -> None:
    stored(1)
    claim = claimed()
    for epoch in (1, 2, 1, 2, 3):  # taken over after epoch 2, from a checkpoint of the beginning
        _record(database, claim, _batch(claim, epoch, measured))
        with database.read() as session:
            assert (
                session.scalars(select(Sweep.epochs_done)).one() == session.scalars(select(Run.epoch)).one()
            )
    with database.read() as session:
        assert session.scalars(select(Run.epoch)).one() == 3
        events = session.scalars(select(Event).order_by(Event.number)).all()
        assert [event.document["epochs_done"] for event in events] == [0, 1, 2, 2, 2, 3]


def test_who_leads_is_whoever_has_the_best_value_of_all_populations(
    database: Database, stored: Store, claimed: TakeClaim, measured: Measure
) -> None:
    stored(1)
    claim = claimed()
    told: list[tuple[int, float, Literal["minimize", "maximize"], int]] = [
        (3, 0.5, "minimize", 3),
        (4, 0.7, "minimize", 3),  # of a population that is worse
        (5, 0.5, "minimize", 3),  # the first of equals
        (6, 0.4, "minimize", 6),
        (7, 0.3, "maximize", 6),
        (8, 0.6, "maximize", 8),
    ]
    for epoch, (number, value, goal, leads) in enumerate(told, start=1):
        batch = _batch(claim, epoch, measured)
        batch.leader = Leader(number, value, goal)
        _record(database, claim, batch)
        _record(database, claim, _batch(claim, epoch, measured))
        with database.read() as session:
            assert session.scalars(select(Sweep.leading_number)).one() == leads
    with database.read() as session:
        assert session.scalars(select(Sweep.leading_value)).one() == 0.6


def test_a_population_that_came_further_has_its_lost_leases_forgiven(
    database: Database, stored: Store, claimed: TakeClaim, measured: Measure
) -> None:
    stored(1)
    with database.write() as session:
        session.execute(update(PopulationRow).values(leases_lost=2))
    claim = claimed()
    _record(database, claim, _batch(claim, 1, measured))
    with database.read() as session:
        assert (
            session.scalars(select(PopulationRow.leases_lost)).one() == 2
        )  # a record is no way to go on from
    batch = _batch(claim, 2, measured)
    batch.checkpoints = {claim.runs[0].run_id: (2, "a" * 64, b"state")}
    _record(database, claim, batch)
    with database.read() as session:
        assert session.scalars(select(PopulationRow.leases_lost)).one() == 0
