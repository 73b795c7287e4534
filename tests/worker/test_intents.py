"""A worker hears its owner in the middle of an epoch, and what is stopped there continues exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.members import Member
from core.training import EpochReport, Population, train
from service.lifecycle.cancel import cancel_sweep
from service.lifecycle.materials import DatasetMaterials
from service.lifecycle.owners import local_owner
from service.lifecycle.pause import pause_sweep, resume_sweep
from service.lifecycle.retry import retry_sweep
from service.lifecycle.submit import Submitted
from service.store.schema import Checkpoint, ConfigurationRow, LossRow, PopulationRow, Run, Sweep
from tests.servers.waiting import eventually
from worker.context import Context
from worker.execution import execute_next

Submit = Callable[..., Submitted]
Ask = Callable[[Session, int, str], Any]

EPOCHS = 6
PARAMETERS = {"learning_rate": {"values": [0.01, 0.1]}, "hidden_layers": {"value": [8]}, "epochs": EPOCHS}
STOPPED_IN = 4  # the epoch that does not end by itself


def _ask(context: Context, ask: Ask, sweep: str) -> None:
    context.database.run(lambda session: ask(session, local_owner(session), sweep))


def _never_ending_epoch(context: Context, ask: Ask, sweep: str) -> Callable[..., None]:
    """The core's `train`, but in one epoch the second step takes until it is told to stop.

    While that step lasts, the owner asks for something; it must be heard within a second.
    """

    def patient_train(
        population: Population, *, on_epoch: Callable[..., None], should_stop: Callable[[], bool]
    ) -> None:
        steps = 0

        def between_steps() -> bool:
            nonlocal steps
            steps += population.epoch == STOPPED_IN - 1
            if steps == 2:
                _ask(context, ask, sweep)
                eventually(should_stop, f"the worker was told to {ask.__name__}", seconds=1.0)
            return should_stop()

        train(population, on_epoch=on_epoch, should_stop=between_steps)

    return patient_train


def _alone(context: Context, run: Run) -> tuple[str, list[float]]:
    """The weights and the training losses of one stored run, trained by itself straight in the core."""
    materials = context.materials(run.sweep_id)
    with context.database.read() as session:
        document = session.scalars(
            select(ConfigurationRow.document).where(ConfigurationRow.id == run.configuration_id)
        ).one()
    assert isinstance(materials, DatasetMaterials)
    member = Member(materials.aims.configuration(document), run.seed, *materials.rows(run.seed))
    reports: list[EpochReport] = []
    train(Population.start([member], materials.examples), on_epoch=reports.append)
    return reports[-1].endings[0].weights_sha256, [float(report.train_loss[0]) for report in reports]


def _equal_undisturbed_runs(context: Context) -> None:
    with context.database.read() as session:
        runs = session.scalars(select(Run)).all()
        assert {run.state for run in runs} == {"completed"}
        for run in runs:
            digest, losses = _alone(context, run)
            assert run.weights_sha256 == digest
            stored = session.execute(
                select(LossRow.epoch, LossRow.train_loss)
                .where(LossRow.run_id == run.id)
                .order_by(LossRow.epoch)
            )
            assert [tuple(row) for row in stored] == list(enumerate(losses, start=1))
        sweep = session.scalars(select(Sweep)).one()
        assert (sweep.state, sweep.epochs_done) == ("completed", sweep.epochs_total)
        assert session.scalars(select(Checkpoint)).all() == []


def _work(context: Context) -> None:
    while execute_next(context):
        pass


def test_a_pause_inside_a_long_epoch_is_obeyed_and_the_resumed_runs_have_the_same_bits(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = submitted(parameters=PARAMETERS).public_id
    with monkeypatch.context() as patch:
        patch.setattr(
            "worker.network_training.train", _never_ending_epoch(worker_context, pause_sweep, sweep)
        )
        _work(worker_context)
    with worker_context.database.read() as session:
        assert session.scalars(select(Sweep.state)).one() == "paused"
        held = session.scalars(select(PopulationRow).where(PopulationRow.epoch > 0)).one()
        assert (held.state, held.epoch, held.leases_lost) == ("paused", STOPPED_IN - 1, 0)
        assert set(session.scalars(select(Checkpoint.epoch))) == {STOPPED_IN - 1}
        assert set(session.scalars(select(Run.state))) == {"paused"}
    assert not execute_next(worker_context)
    _ask(worker_context, resume_sweep, sweep)
    _work(worker_context)
    _equal_undisturbed_runs(worker_context)


def test_a_cancel_inside_a_long_epoch_is_obeyed_and_the_retried_runs_have_the_same_bits(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = submitted(parameters=PARAMETERS).public_id
    with monkeypatch.context() as patch:
        patch.setattr(
            "worker.network_training.train", _never_ending_epoch(worker_context, cancel_sweep, sweep)
        )
        _work(worker_context)
    with worker_context.database.read() as session:
        assert set(session.scalars(select(Run.state))) == {"canceled"}
        assert session.scalars(select(Sweep.state)).one() == "canceled"
    _ask(worker_context, retry_sweep, sweep)
    _work(worker_context)
    _equal_undisturbed_runs(worker_context)


def test_a_sweep_with_runs_that_ended_early_ends_with_all_of_its_epochs_done(
    worker_context: Context, submitted: Submit
) -> None:
    diverging = {"learning_rate": {"values": [0.01, 1e6]}, "loss": "mse", "epochs": 20}
    submitted(parameters=diverging, baselines=False)
    stopping = {"learning_rate": {"values": [0.5]}, "patience": 1, "min_delta": 0.5, "epochs": 20}
    submitted(parameters=stopping, baselines=False)
    _work(worker_context)
    with worker_context.database.read() as session:
        assert session.scalars(select(Run).where(Run.epoch == 20, Run.state == "completed")).first()
        assert session.scalars(select(Run).where(Run.epoch < 20, Run.state == "completed")).first()
        assert session.scalars(select(Run).where(Run.epoch < 20, Run.state == "diverged")).first()
        for sweep in session.scalars(select(Sweep)):
            assert (sweep.state, sweep.epochs_done) == ("completed", sweep.epochs_total)
