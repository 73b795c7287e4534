"""A worker trains what it claims, and what it stores is what the core computes alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
from safetensors.numpy import load
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.errors import CoreError
from core.hashing import weights_sha256
from core.members import Member
from core.training import EpochReport, Population, train
from service.lifecycle.materials import DatasetMaterials
from service.lifecycle.requeue import FAIL_AFTER
from service.lifecycle.submit import Submitted
from service.planning.headline import headline
from service.planning.measurements import decode
from service.planning.statuses import RunState
from service.store.schema import Checkpoint, ConfigurationRow, LossRow, PopulationRow, Run, Sweep, Weights
from service.store.summary_queries import sweep_summary
from worker.context import Context
from worker.execution import execute_next

Submit = Callable[..., Submitted]


def _work(context: Context) -> None:
    while execute_next(context):
        pass


def _materials(context: Context, run: Run) -> DatasetMaterials:
    materials = context.materials(run.sweep_id)
    assert isinstance(materials, DatasetMaterials)
    return materials


def _alone(context: Context, run: Run) -> tuple[str, list[EpochReport]]:
    """Train one stored run by itself, straight in the core."""
    materials = _materials(context, run)
    with context.database.read() as session:
        document = session.scalars(
            select(ConfigurationRow.document).where(ConfigurationRow.id == run.configuration_id)
        ).one()
    train_rows, validation_rows = materials.rows(run.seed)
    member = Member(materials.aims.configuration(document), run.seed, train_rows, validation_rows)
    reports: list[EpochReport] = []
    train(Population.start([member], materials.examples), on_epoch=reports.append)
    return reports[-1].endings[0].weights_sha256, reports


def test_every_run_is_trained_once_and_equals_itself_trained_alone(
    worker_context: Context, submitted: Submit
) -> None:
    submitted()
    _work(worker_context)
    with worker_context.database.read() as session:
        runs = session.scalars(select(Run).order_by(Run.number)).all()
        assert [run.state for run in runs] == ["completed"] * 12  # 6 of the search, 6 linear
        for run in (runs[0], runs[1], runs[-1]):
            digest, reports = _alone(worker_context, run)
            assert run.weights_sha256 == digest
            stored = session.scalars(
                select(LossRow).where(LossRow.run_id == run.id).order_by(LossRow.epoch)
            ).all()
            assert [row.train_loss for row in stored] == [float(report.train_loss[0]) for report in reports]
            assert [row.validation_score for row in stored] == [
                float(report.validation_score[0]) for report in reports
            ]


def test_stored_weights_carry_the_hash_of_their_run(worker_context: Context, submitted: Submit) -> None:
    submitted()
    _work(worker_context)
    with worker_context.database.read() as session:
        rows = session.execute(select(Weights, Run.weights_sha256).join(Run, Run.id == Weights.run_id)).all()
        assert len(rows) == 12
        for weights, digest in rows:
            assert weights_sha256(load(weights.content)) == digest == weights.weights_sha256


def test_the_answer_has_intervals_baselines_and_a_test_interval(
    worker_context: Context, submitted: Submit
) -> None:
    submitted(seeds=4, parameters={**_parameters(), "epochs": 20})
    _work(worker_context)
    with worker_context.database.read() as session:
        sweep = session.scalars(select(Sweep)).one()
        summary, context = sweep_summary(session, sweep.owner_id, sweep.public_id)
    assert sweep.state == "completed"
    assert sweep.epochs_done == sweep.epochs_total
    assert sweep.headline == headline(summary, context)
    assert sweep.best_result is not None
    assert summary.best is not None
    assert sweep.best_result["setting"] == summary.best.setting
    assert sweep.best_result["mean"] == summary.best.metrics["validation_loss"].mean
    assert sweep.best_result["curve"]["epochs"] == list(range(1, 21))
    assert "linear" in sweep.headline
    assert summary.complete
    assert summary.test is not None
    test = summary.test.interval
    assert test.low is not None
    assert test.high is not None
    assert test.mean is not None
    assert test.low < test.mean < test.high


def _parameters() -> dict[str, object]:
    return {"learning_rate": {"values": [0.01, 0.1, 0.5]}, "hidden_layers": {"value": [8]}, "epochs": 4}


def test_a_setting_whose_value_changes_nothing_keeps_that_value(
    worker_context: Context, submitted: Submit
) -> None:
    submitted(baselines=False, parameters={"l2": {"values": [0, 0.01]}, "epochs": 2})
    _work(worker_context)
    with worker_context.database.read() as session:
        sweep = session.scalars(select(Sweep)).one()
        summary, _context = sweep_summary(session, sweep.owner_id, sweep.public_id)
    assert [setting.setting for setting in summary.settings] == [{"l2": 0.0}, {"l2": 0.01}]


def test_a_diverging_run_ends_with_its_epoch_and_the_others_go_on(
    worker_context: Context, submitted: Submit
) -> None:
    parameters = {"learning_rate": {"values": [0.01, 1e6]}, "loss": "mse", "epochs": 4}
    submitted(parameters=parameters, baselines=False)
    _work(worker_context)
    with worker_context.database.read() as session:
        runs = session.scalars(select(Run).order_by(Run.number)).all()
        assert [run.state for run in runs] == ["completed", "completed", "diverged", "diverged"]
        lost = runs[2]
        assert lost.epoch >= 1
        assert "loss" in str(lost.reason)
        assert lost.test_loss is None
        (ending,) = _alone(worker_context, lost)[1][-1].endings
        assert (lost.diverged_step, lost.diverged_tensor) == (ending.step, ending.tensor)
        assert lost.diverged_tensor is not None
        rows = session.scalars(select(LossRow).where(LossRow.run_id == lost.id)).all()
        assert len(rows) == lost.epoch
        assert decode({**{c.name: getattr(rows[-1], c.name) for c in LossRow.__table__.columns}})
        sweep = session.scalars(select(Sweep)).one()
        assert (sweep.state, sweep.diverged_count, sweep.completed_count) == ("completed", 2, 2)


def test_a_soft_shutdown_hands_the_population_back_and_it_ends_with_the_same_bits(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted(baselines=False, seeds=1, parameters={**_parameters(), "epochs": 30})
    epochs = 0

    def stop_in_the_middle(original: Callable[..., None]) -> Callable[..., None]:
        def on_epoch(self: object, report: EpochReport) -> None:
            nonlocal epochs
            epochs += 1
            if epochs == 10:
                worker_context.stopping.set()
            original(self, report)

        return on_epoch

    from worker.recording import Recorder

    with monkeypatch.context() as patch:
        patch.setattr(
            Recorder, "on_epoch", stop_in_the_middle(cast("Callable[..., None]", Recorder.on_epoch))
        )
        execute_next(worker_context)
    with worker_context.database.read() as session:
        population = session.scalars(select(PopulationRow).where(PopulationRow.epoch > 0)).one()
        assert (population.state, population.leases_lost, population.epoch) == ("queued", 0, 10)
        assert session.scalars(select(Checkpoint)).first() is not None
    worker_context.stopping.clear()
    _work(worker_context)
    with worker_context.database.read() as session:
        for run in session.scalars(select(Run)).all():
            assert run.weights_sha256 == _alone(worker_context, run)[0]
            epochs_stored = session.scalars(
                select(LossRow.epoch).where(LossRow.run_id == run.id).order_by(LossRow.epoch)
            ).all()
            assert epochs_stored == list(range(1, 31))
        assert session.scalars(select(Checkpoint)).all() == []
        assert session.scalars(select(Sweep.epochs_done)).one() == 90


def test_an_error_in_the_core_fails_the_runs_with_its_text(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted(baselines=False)

    def fail(*_arguments: object, **_options: object) -> None:
        raise CoreError("the core gave up")

    monkeypatch.setattr("worker.network_training.train", fail)
    _work(worker_context)
    with worker_context.database.read() as session:
        assert {(run.state, run.reason) for run in session.scalars(select(Run))} == {
            ("failed", "CoreError: the core gave up")
        }
        assert session.scalars(select(Sweep.state)).one() == "failed"


def test_what_the_database_never_takes_is_named_as_the_reason(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(session: Session, *_: object, **__: object) -> None:
        session.execute(text("INSERT INTO losses (no_such_column) VALUES (1)"))

    monkeypatch.setattr("worker.recording.record", refused)
    submitted(seeds=1, baselines=False, parameters={"learning_rate": 0.1, "epochs": 1})
    for _ in range(FAIL_AFTER):
        with pytest.raises(DBAPIError):
            execute_next(worker_context)
    assert not execute_next(worker_context)  # nobody waits for a lease to end
    with worker_context.database.read() as session:
        run = session.scalars(select(Run)).one()
    assert run.state == RunState.FAILED
    assert run.reason is not None
    assert "lost with its worker 3 times" in run.reason
    assert "the database refused what it asked for: " in run.reason
    assert "no_such_column" in run.reason


def test_regression_is_told_in_the_users_units(worker_context: Context, submitted: Submit) -> None:
    submitted(
        dataset="diabetes",
        seeds=3,
        parameters={"learning_rate": {"values": [0.01, 0.05]}, "hidden_layers": {"value": [8]}, "epochs": 20},
    )
    _work(worker_context)
    with worker_context.database.read() as session:
        run = session.scalars(select(Run).where(Run.number == 1)).one()
        # Progression of diabetes runs from 25 to 346: an error in standardized units would be about 1.
        assert 30 < run.metrics["test_rmse"]["last"] < 120
        materials = _materials(worker_context, run)
        outcomes = np.frombuffer(run.test_outcomes or b"", "<f4")
        assert len(outcomes) == len(materials.test_rows)
        assert 1 - float(outcomes.mean()) == pytest.approx(run.test_score, abs=1e-6)
        sweep = session.scalars(select(Sweep)).one()
        summary, _context = sweep_summary(session, sweep.owner_id, sweep.public_id)
    assert summary.test is not None
    assert summary.test.metric == "test_r2"
    assert summary.test.interval.low is not None
