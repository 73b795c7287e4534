"""What early stopping decides is stored as it was decided: values, weights, gaps and details."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.evaluation import evaluate
from core.hashing import weights_sha256
from core.members import Member
from core.training import EpochReport, Population, train
from service.errors import InvalidSubmission
from service.lifecycle.materials import DatasetMaterials
from service.lifecycle.submit import Submitted
from service.store.schema import Checkpoint, ConfigurationRow, LossRow, PopulationRow, Run, Sweep, Weights
from worker.context import Context
from worker.execution import execute_next
from worker.recording import Recorder

Submit = Callable[..., Submitted]

# At these rates iris is learnt at once, and then unlearnt or overfitted.
STOPPING: dict[str, Any] = {
    "learning_rate": {"values": [0.02, 0.1, 0.4]},
    "hidden_layers": [16],
    "optimizer": "momentum",
    "batch_size": 8,
    "epochs": 20,
    "patience": 2,
    "validate_every": 2,
}


def _work(context: Context) -> None:
    while execute_next(context):
        pass


def _runs(session: Session) -> list[Run]:
    return list(session.scalars(select(Run).where(Run.state == "completed").order_by(Run.number)))


def _weights(session: Session, run: Run) -> dict[str, Weights]:
    return {row.which: row for row in session.scalars(select(Weights).where(Weights.run_id == run.id))}


def _materials(context: Context, run: Run) -> DatasetMaterials:
    materials = context.materials(run.sweep_id)
    assert isinstance(materials, DatasetMaterials)
    return materials


def _member(context: Context, session: Session, run: Run) -> Member:
    materials = _materials(context, run)
    document = session.scalars(
        select(ConfigurationRow.document).where(ConfigurationRow.id == run.configuration_id)
    ).one()
    return Member(materials.aims.configuration(document), run.seed, *materials.rows(run.seed))


def _losses(session: Session, run: Run) -> list[LossRow]:
    statement = select(LossRow).where(LossRow.run_id == run.id).order_by(LossRow.epoch)
    return list(session.scalars(statement))


def test_runs_that_stop_early_end_when_they_would_alone_and_say_why(
    worker_context: Context, submitted: Submit
) -> None:
    submitted(parameters=STOPPING, baselines=False)
    _work(worker_context)
    with worker_context.database.read() as session:
        runs = _runs(session)
        assert len(runs) == 6
        for run in runs:
            reports: list[EpochReport] = []
            examples = _materials(worker_context, run).examples
            train(
                Population.start([_member(worker_context, session, run)], examples), on_epoch=reports.append
            )
            ending = reports[-1].endings[0]
            assert (run.epoch, run.reason, run.weights_sha256) == (
                ending.epoch,
                ending.reason,
                ending.weights_sha256,
            )
        stopped = [run for run in runs if run.epoch < 20]
        assert len({run.epoch for run in stopped}) > 1
        assert all(
            str(run.reason).startswith(f"stopped by patience after epoch {run.epoch}") for run in stopped
        )
        assert session.scalars(select(Sweep.state)).one() == "completed"
        assert set(session.scalars(select(PopulationRow.state))) == {"finished"}


def test_an_epoch_without_validation_is_null_and_no_number_that_is_missing(
    worker_context: Context, submitted: Submit
) -> None:
    submitted(parameters={"epochs": 5, "validate_every": 2}, seeds=1, baselines=False)
    _work(worker_context)
    with worker_context.database.read() as session:
        (run,) = _runs(session)
        rows = _losses(session, run)
        assert [row.validation_loss is not None for row in rows] == [False, True, False, True, True]
        assert [row.non_finite for row in rows] == [0] * 5
        assert run.validation_loss == rows[-1].validation_loss == run.metrics["validation_loss"]["last"]


def test_between_validations_a_run_shows_the_last_one(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted(parameters={"epochs": 8, "validate_every": 3}, seeds=1, baselines=False)
    on_epoch = Recorder.on_epoch

    def stop_after_the_fifth(self: Recorder, report: EpochReport) -> None:
        on_epoch(self, report)
        if report.epoch == 5:
            worker_context.stopping.set()

    monkeypatch.setattr(Recorder, "on_epoch", stop_after_the_fifth)
    execute_next(worker_context)
    with worker_context.database.read() as session:
        run = session.scalars(select(Run)).one()
        rows = _losses(session, run)
        assert (run.state, run.epoch) == ("queued", 5)
        assert run.validation_loss == rows[2].validation_loss is not None
        assert run.train_loss == rows[4].train_loss


def test_a_restored_run_has_the_values_and_the_weights_of_its_best_epoch(
    worker_context: Context, submitted: Submit
) -> None:
    submitted(parameters={**STOPPING, "restore_best": True}, keep_weights="both", baselines=False)
    _work(worker_context)
    earlier = 0
    with worker_context.database.read() as session:
        for run in _runs(session):
            rows = [row for row in _losses(session, run) if row.validation_loss is not None]
            best = min(rows, key=lambda row: (row.validation_loss, row.epoch))
            earlier += best.epoch < run.epoch
            assert (run.train_loss, run.train_score) == (best.train_loss, best.train_score)
            assert (run.validation_loss, run.validation_score) == (
                best.validation_loss,
                best.validation_score,
            )
            assert run.metrics["validation_loss"]["last"] == best.validation_loss
            assert run.metrics["validation_accuracy"]["last"] == best.validation_score
            assert run.epoch == _losses(session, run)[-1].epoch
            kept = _weights(session, run)
            assert kept["final"].weights_sha256 == kept["best"].weights_sha256 == run.weights_sha256
            assert kept["final"].epoch == kept["best"].epoch == best.epoch
            materials, member = _materials(worker_context, run), _member(worker_context, session, run)
            parameters = load(kept["final"].content)
            tested = evaluate(member.configuration, parameters, materials.examples, materials.test_rows)
            assert (run.test_loss, run.test_score) == (tested.loss, tested.accuracy)
            validated = evaluate(member.configuration, parameters, materials.examples, member.validation_rows)
            assert validated.loss == run.validation_loss
            assert run.metrics["validation_macro_f1"] == {"last": validated.macro_f1}
    assert earlier


@pytest.mark.parametrize("which", ["final", "best", "both", "none"])
def test_weights_are_kept_as_the_sweep_says(worker_context: Context, submitted: Submit, which: str) -> None:
    parameters = {name: value for name, value in STOPPING.items() if name != "patience"}
    submitted(parameters=parameters, keep_weights=which, baselines=False)
    _work(worker_context)
    expected = {"final": {"final"}, "best": {"best"}, "both": {"final", "best"}, "none": set()}[which]
    with worker_context.database.read() as session:
        differing = 0
        for run in _runs(session):
            kept = _weights(session, run)
            assert set(kept) == expected
            member, examples = (
                _member(worker_context, session, run),
                _materials(worker_context, run).examples,
            )
            for name, row in kept.items():
                parameters = load(row.content)
                assert weights_sha256(parameters) == row.weights_sha256
                loss = evaluate(member.configuration, parameters, examples, member.validation_rows).loss
                kind = {"final": "last", "best": "min"}[name]
                assert loss == run.metrics["validation_loss"][kind]
                differing += row.epoch < run.epoch
        assert bool(differing) == ("best" in expected)


def test_a_stop_in_the_middle_changes_nothing_of_what_early_stopping_does(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = {**STOPPING, "restore_best": True}
    submitted(parameters=parameters, keep_weights="both", seeds=1, baselines=False)
    on_epoch = Recorder.on_epoch

    def stop_after_the_fifth(self: Recorder, report: EpochReport) -> None:
        on_epoch(self, report)
        if report.epoch == 5:
            worker_context.stopping.set()

    with monkeypatch.context() as patch:
        patch.setattr(Recorder, "on_epoch", stop_after_the_fifth)
        execute_next(worker_context)
    with worker_context.database.read() as session:
        assert session.scalars(select(Checkpoint)).first() is not None
    worker_context.stopping.clear()
    _work(worker_context)
    submitted(parameters=parameters, keep_weights="both", seeds=1, baselines=False)
    _work(worker_context)
    with worker_context.database.read() as session:
        runs = sorted(_runs(session), key=lambda run: (run.sweep_id, run.number))
        assert len(runs) == 6
        for cut, uncut in zip(runs[:3], runs[3:], strict=True):
            assert (cut.reason, cut.epoch, cut.metrics) == (uncut.reason, uncut.epoch, uncut.metrics)
            for which, row in _weights(session, cut).items():
                assert row.weights_sha256 == _weights(session, uncut)[which].weights_sha256


def test_the_last_step_is_stored_layer_by_layer(worker_context: Context, submitted: Submit) -> None:
    submitted(parameters={"hidden_layers": [6, 5], "epochs": 3}, seeds=1)
    _work(worker_context)
    with worker_context.database.read() as session:
        search, linear = _runs(session)
        for run, layers in ((search, 3), (linear, 1)):
            stored = run.metrics["layers"]
            assert len(stored) == layers
            row = _losses(session, run)[-1]
            assert np.sqrt(sum(layer["gradient_norm"] ** 2 for layer in stored)) == pytest.approx(
                row.gradient_norm, rel=1e-5
            )
            tensors = load(_weights(session, run)["final"].content)
            for place, layer in enumerate(stored):
                weight, bias = tensors[f"layers.{place}.weight"], tensors[f"layers.{place}.bias"]
                norm = np.hypot(np.linalg.norm(weight), np.linalg.norm(bias))
                assert layer["weight_norm"] == pytest.approx(norm, rel=1e-5)
                assert 0 < layer["update_ratio"] < 1


def test_confusion_counts_every_test_row_by_its_class_and_its_answer(
    worker_context: Context, submitted: Submit
) -> None:
    submitted(seeds=1, baselines=False)
    _work(worker_context)
    with worker_context.database.read() as session:
        for run in _runs(session):
            confusion = np.array(run.metrics["test_confusion"])
            materials = _materials(worker_context, run)
            truths = materials.examples.classes[materials.test_rows]
            assert confusion.sum(axis=1).tolist() == np.bincount(truths, minlength=3).tolist()
            assert np.trace(confusion) / confusion.sum() == pytest.approx(run.test_score)
            both = confusion.sum(axis=0) + confusion.sum(axis=1)
            f1 = 2 * np.diag(confusion)[both > 0] / both[both > 0]
            assert run.metrics["test_macro_f1"]["last"] == pytest.approx(f1.mean())


def test_of_a_long_run_the_epoch_where_it_stopped_and_its_best_one_are_recorded(
    worker_context: Context, submitted: Submit
) -> None:
    submitted(parameters={**STOPPING, "epochs": 2_500, "validate_every": 1}, seeds=4, baselines=False)
    _work(worker_context)
    beside = 0
    with worker_context.database.read() as session:
        for run in _runs(session):
            recorded = {row.epoch for row in _losses(session, run)}
            always = {1, run.epoch, run.best_epoch or 0}
            assert recorded == always | set(range(3, run.epoch, 3))
            beside += sum(epoch % 3 > 0 for epoch in always - {1})
    assert beside > 2


def test_each_of_several_outputs_is_told_in_its_own_units(worker_context: Context, submitted: Submit) -> None:
    submitted(
        dataset="diabetes",
        target=["progression", "bp"],
        seeds=1,
        parameters={"hidden_layers": [8], "epochs": 20},
        baselines=False,
    )
    _work(worker_context)
    with worker_context.database.read() as session:
        (run,) = _runs(session)
        progression, pressure = run.metrics["test_outputs"]
        assert 30 < progression["rmse"] < 120  # from 25 to 346
        assert 5 < pressure["rmse"] < 30  # mmHg
        for name in ("r2", "mae", "rmse"):
            mean = (progression[name] + pressure[name]) / 2
            assert run.metrics[f"test_{name}"]["last"] == pytest.approx(mean, rel=1e-6)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"parameters": {"patience": 3}}, "parameters.patience"),
        ({"parameters": {"restore_best": True}}, "parameters.restore_best"),
        ({"keep_weights": "best"}, "keep_weights"),
    ],
)
def test_what_needs_validation_rows_is_refused_at_submit(
    submitted: Submit, changes: dict[str, Any], path: str
) -> None:
    split = {"train": 0.8, "test": 0.2}
    with pytest.raises(InvalidSubmission) as caught:
        submitted(split=split, metric={"name": "train_loss"}, **changes)
    assert [fault.path for fault in caught.value.faults] == [path]
