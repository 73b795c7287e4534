"""What training did to each layer is kept of every recorded epoch, and comes out the same however it went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
from sqlalchemy import select, update

from core.members import Member
from core.training import EpochReport, Population, train
from service.lifecycle.materials import DatasetMaterials
from service.lifecycle.requeue import requeue_expired
from service.planning.layer_records import LAYER_COLUMNS
from service.planning.measurements import json_number
from service.store.layer_queries import RunLayers, find_layers
from service.store.schema import ConfigurationRow, LayerRow, LossRow, PopulationRow, Run
from tests.worker.extending import Submit, work
from worker.context import Context
from worker.execution import execute_next
from worker.recording import Recorder

PARAMETERS: dict[str, Any] = {
    "learning_rate": {"values": [0.01, 0.1, 1e6]},
    "hidden_layers": [8, 4],
    "epochs": 40,
}
TINY: dict[str, Any] = {"learning_rate": 0.05, "hidden_layers": {"value": []}, "batch_size": "full"}


def _runs(context: Context, sweep_id: int) -> list[Run]:
    with context.database.read() as session:
        return list(session.scalars(select(Run).where(Run.sweep_id == sweep_id).order_by(Run.number)))


def _layers(context: Context, run: Run) -> RunLayers:
    with context.database.read() as session:
        return find_layers(session, run.owner_id, run.public_id)


def _alone(context: Context, run: Run) -> list[EpochReport]:
    """Train one stored run by itself, straight in the core."""
    materials = context.materials(run.sweep_id)
    assert isinstance(materials, DatasetMaterials)
    with context.database.read() as session:
        document = session.scalars(
            select(ConfigurationRow.document).where(ConfigurationRow.id == run.configuration_id)
        ).one()
    member = Member(materials.aims.configuration(document), run.seed, *materials.rows(run.seed))
    reports: list[EpochReport] = []
    train(Population.start([member], materials.examples), on_epoch=reports.append)
    return reports


def _equal_those_trained_alone(context: Context, sweep_id: int) -> None:
    for run in _runs(context, sweep_id):
        found, reports = _layers(context, run), _alone(context, run)
        assert found.epochs == [report.epoch for report in reports] == list(range(1, run.epoch + 1))
        layers = [report.layers for report in reports]
        expected = [[getattr(each, name)[0] for name in LAYER_COLUMNS] for each in layers]
        assert np.array_equal(
            found.values.astype(np.float32), np.array(expected).astype(np.float32), equal_nan=True
        )


def test_every_epoch_of_every_run_is_kept_as_the_core_measures_it(
    worker_context: Context, submitted: Submit
) -> None:
    sweep = submitted(parameters=PARAMETERS)
    work(worker_context)
    _equal_those_trained_alone(worker_context, sweep.sweep_id)
    for run in _runs(worker_context, sweep.sweep_id):
        last = _layers(worker_context, run).values[-1].T
        of_run = [[each[name] for name in LAYER_COLUMNS] for each in run.metrics["layers"]]
        assert [[json_number(value) for value in layer] for layer in last.tolist()] == [
            [value if isinstance(value, str) else float(str(np.float32(value))) for value in layer]
            for layer in of_run
        ]


class _Killed(BaseException):
    """What takes a process away in the middle of an epoch: nothing in it can answer."""


@pytest.mark.parametrize("last", [5, 27])  # in epoch 5 no checkpoint has been kept yet
def test_after_a_kill_it_is_what_it_would_have_been(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    sweep = submitted(parameters=PARAMETERS)
    original = cast("Callable[..., None]", Recorder.on_epoch)

    def killed(self: Recorder, report: EpochReport) -> None:
        original(self, report)
        if report.epoch in (2, last - 9):
            self.flush(checkpoint=report.epoch == last - 9)
        if report.epoch == last - 4:
            self.flush()  # recorded, and trained again from the checkpoint nevertheless
        if report.epoch == last:
            raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(Recorder, "on_epoch", killed)
        with pytest.raises(_Killed):
            execute_next(worker_context)
    with worker_context.database.write() as session:
        assert session.scalars(select(LayerRow.run_id)).first() is not None
        session.execute(
            update(PopulationRow).where(PopulationRow.state == "running").values(lease_expires_at=0)
        )
    assert worker_context.database.run(requeue_expired) == 1
    work(worker_context)
    _equal_those_trained_alone(worker_context, sweep.sweep_id)


def test_runs_that_leave_their_population_early_keep_their_last_epoch(
    worker_context: Context, submitted: Submit
) -> None:
    stopping = {**TINY, "learning_rate": {"values": [0.05, 0.5, 3.0]}, "patience": 2, "min_delta": 0.01}
    sweep = submitted(parameters={**stopping, "epochs": 4_000}, baselines=False)
    work(worker_context)
    runs = _runs(worker_context, sweep.sweep_id)
    assert len({run.epoch for run in runs}) > 1
    for run in runs:
        found = _layers(worker_context, run)
        assert found.epochs == [1, *range(4, run.epoch, 4), run.epoch]
        last = _alone(worker_context, run)[-1].layers
        assert last is not None
        assert found.values[-1, 0, 0] == float(str(np.float32(last.gradient_norm[0, 0])))


@pytest.mark.parametrize("how", ["reused", "another class"])
def test_answers_from_the_store_have_copies_and_other_environments_begin_again(
    worker_context: Context, submitted: Submit, how: str
) -> None:
    parameters = {**PARAMETERS, "epochs": 4}
    first = submitted(parameters=parameters)
    work(worker_context)
    if how == "reused":
        again = submitted(parameters=parameters, rerun=False)
        assert again.populations == 0
    else:
        again = submitted(parameters=parameters)
        with worker_context.database.write() as session:  # as if another class had come to epoch 2
            for run in session.scalars(select(Run).where(Run.sweep_id == again.sweep_id)):
                session.add(LayerRow(run_id=run.id, epoch=1, layers=1, item_bytes=4, content=bytes(32)))
                run.epoch = 2
            session.execute(
                update(PopulationRow)
                .where(PopulationRow.sweep_id == again.sweep_id)
                .values(environment_class="e" * 64, epoch=2)
            )
        work(worker_context)
    for run, original in zip(
        _runs(worker_context, again.sweep_id), _runs(worker_context, first.sweep_id), strict=True
    ):
        ours, theirs = _layers(worker_context, run), _layers(worker_context, original)
        assert ours.epochs == theirs.epochs != []
        assert np.array_equal(ours.values, theirs.values, equal_nan=True)


def test_a_function_has_none(worker_context: Context, submitted: Submit) -> None:
    function = {"expression": "x**2", "start": {"x": 1.0}}
    sweep = submitted(
        dataset=None, function=function, parameters={"learning_rate": 0.1, "epochs": 3}, seeds=1
    )
    work(worker_context)
    assert [len(_layers(worker_context, run).epochs) for run in _runs(worker_context, sweep.sweep_id)] == [0]
    with worker_context.database.read() as session:
        assert session.scalars(select(LossRow.epoch)).all() == [1, 2, 3]
