"""A sweep over a function, from its submission to its answer: what the reference's cubic does is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any, cast

import numpy as np
import pytest
from safetensors.numpy import load
from sqlalchemy import select, update

from core.function_population import variables_sha256
from core.reports import EpochReport
from service.lifecycle.owners import local_owner
from service.lifecycle.requeue import requeue_expired
from service.lifecycle.submit import Submitted, submit
from service.planning.headline import headline, notes
from service.store.schema import Checkpoint, LossRow, PopulationRow, Run, Sweep, Weights
from service.store.summary_queries import sweep_summary
from worker.context import Context
from worker.execution import execute_next
from worker.recording import Recorder

CUBIC = {"expression": "x**3 + 3*x**2", "start": {"x": -1.9}}
SLOW, STEADY, DAMPED, BOUNCING, LOST = 0.02, 0.15, 0.25, 0.45, 0.55
RATES = (SLOW, STEADY, DAMPED, BOUNCING, LOST)
EPOCHS = 100

Submit = Callable[..., Submitted]


@pytest.fixture
def submitted(worker_context: Context) -> Submit:
    """Submit the article's sweep, changed as told."""

    def send(**changes: Any) -> Submitted:
        database = worker_context.database
        parameters = {"learning_rate": {"values": list(RATES)}, "epochs": EPOCHS}
        sweep = {"function": CUBIC, "rerun": True, "parameters": parameters, **changes}
        body = json.dumps(sweep).encode()
        owner = database.run(local_owner)
        return submit(database, owner_id=owner, body=body, idempotency_key=None, max_runs=10_000)

    return send


def _work(context: Context) -> None:
    while execute_next(context):
        pass


def _runs(context: Context) -> list[Run]:
    with context.database.read() as session:
        return list(session.scalars(select(Run).order_by(Run.number)))


def _losses(context: Context, run: Run) -> list[LossRow]:
    with context.database.read() as session:
        statement = select(LossRow).where(LossRow.run_id == run.id).order_by(LossRow.epoch)
        return list(session.scalars(statement))


def _path(rate: float) -> list[float]:
    """The points of x <- x - a (3x^2 + 6x), computed here and not by the core."""
    found = [-1.9]
    while len(found) <= EPOCHS and abs(found[-1]) < 1e30:
        x = found[-1]
        found.append(x - rate * (3 * x * x + 6 * x))
    return found


def test_the_slow_the_bouncing_and_the_lost_are_told_apart(
    worker_context: Context, submitted: Submit
) -> None:
    submitted()
    _work(worker_context)
    runs = dict(zip(RATES, _runs(worker_context), strict=True))
    arrivals = {rate: run.metrics["arrival"] for rate, run in runs.items()}
    # Below 1/6 from one side, to 1/3 bouncing ever less, to 1/2 for ever, beyond it escapes.
    assert {rate: run.state for rate, run in runs.items()} == {
        SLOW: "completed",
        STEADY: "completed",
        DAMPED: "completed",
        BOUNCING: "completed",
        LOST: "diverged",
    }
    assert [arrivals[rate]["converged"] for rate in RATES] == [False, True, True, False, False]
    turned = {rate: sum(a * b < 0 for a, b in pairwise(_path(rate))) for rate in RATES[:4]}
    assert {rate: arrivals[rate]["turns"] for rate in RATES[:4]} == turned
    assert [turned[SLOW], turned[STEADY]] == [0, 0]
    assert turned[DAMPED] > 90
    assert turned[BOUNCING] > 50
    assert "never turned around" in str(runs[SLOW].reason)
    assert str(runs[BOUNCING].reason).startswith("not converged: the derivative's size is ")
    assert f"turned around at {turned[BOUNCING]} of 100 steps" in str(runs[BOUNCING].reason)
    assert "beyond 1e+100" in str(runs[LOST].reason)


def test_the_answer_never_calls_a_run_best_that_has_not_converged(
    worker_context: Context, submitted: Submit
) -> None:
    submitted()
    _work(worker_context)
    with worker_context.database.read() as session:
        sweep = session.scalars(select(Sweep)).one()
        summary, context = sweep_summary(session, sweep.owner_id, sweep.public_id)
    assert (sweep.state, sweep.completed_count, sweep.diverged_count) == ("completed", 4, 1)
    assert sweep.headline == headline(summary, context)
    assert sweep.headline.startswith(
        "2 of 5 rates converged at 100 epochs (sgd), 0.15 and 0.25; 0.15 ends lowest"
    )
    assert "2 runs did not converge, 1 diverged; one run each" in sweep.headline
    assert sweep.best_result is not None
    assert sweep.best_result["setting"] == {"learning_rate": STEADY}
    assert sweep.best_result["curve"]["metric"] == "train_loss"
    assert {one.setting["learning_rate"]: one.eligible for one in summary.settings} == {
        SLOW: False,
        STEADY: True,
        DAMPED: True,
        BOUNCING: False,
        LOST: False,
    }
    assert any("1 of these never turned around" in note for note in notes(summary))


def test_every_step_is_recorded_with_the_value_before_it_and_no_validation(
    worker_context: Context, submitted: Submit
) -> None:
    submitted()
    _work(worker_context)
    for rate, run in zip(RATES[:3], _runs(worker_context), strict=False):
        rows = _losses(worker_context, run)
        path = _path(rate)
        assert [row.epoch for row in rows] == list(range(1, EPOCHS + 1))
        values = np.array([row.train_loss for row in rows[:40]], dtype=np.float64)
        np.testing.assert_allclose(values, np.array([x**3 + 3 * x**2 for x in path[:40]]), rtol=1e-9)
        assert {row.learning_rate for row in rows} == {rate}
        for row in rows:
            assert (row.train_score, row.validation_loss, row.validation_score) == (None, None, None)
            assert row.non_finite == 0
        assert run.train_loss == rows[-1].train_loss
        assert (run.validation_loss, run.test_loss, run.test_score) == (None, None, None)


def test_the_variables_are_kept_as_weights_without_a_dimension(
    worker_context: Context, submitted: Submit
) -> None:
    rosenbrock = {"expression": "(1 - x)**2 + 5*(y - x**2)**2", "start": {"x": -0.5, "y": 0.5}}
    submitted(function=rosenbrock, parameters={"learning_rate": {"values": [0.01, 0.02]}, "epochs": 30})
    _work(worker_context)
    for run in _runs(worker_context):
        with worker_context.database.read() as session:
            kept = session.get(Weights, (run.id, "final"))
        assert kept is not None
        tensors = load(kept.content)
        assert {name: (tensor.shape, tensor.dtype.name) for name, tensor in tensors.items()} == {
            "x": ((), "float64"),
            "y": ((), "float64"),
        }
        arrival = run.metrics["arrival"]
        assert {name: float(tensor) for name, tensor in tensors.items()} == arrival["variables"]
        assert kept.weights_sha256 == run.weights_sha256 == variables_sha256(dict(tensors))
        x, y = arrival["variables"]["x"], arrival["variables"]["y"]
        assert arrival["value"] == pytest.approx((1 - x) ** 2 + 5 * (y - x**2) ** 2)


def test_without_weights_the_variables_are_still_shown(worker_context: Context, submitted: Submit) -> None:
    submitted(keep_weights="none")
    _work(worker_context)
    with worker_context.database.read() as session:
        assert session.scalars(select(Weights)).all() == []
    (run, *_) = _runs(worker_context)
    assert run.metrics["arrival"]["variables"]["x"] == pytest.approx(_path(SLOW)[-1], rel=1e-9)


def _stopping_after(context: Context, epochs: int, original: Callable[..., None]) -> Callable[..., None]:
    count = 0

    def on_epoch(self: object, report: EpochReport) -> None:
        nonlocal count
        count += 1
        if count == epochs:
            context.stopping.set()
        original(self, report)

    return on_epoch


def test_a_run_that_was_handed_back_ends_with_the_bits_of_one_that_was_not(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = {
        "learning_rate": {"values": list(RATES)},
        "optimizer": {"values": ["sgd", "momentum", "adam"]},
        "learning_rate_schedule": "cosine",
        "epochs": EPOCHS,
    }
    submitted(parameters=parameters)
    _work(worker_context)
    quiet = {run.number: run for run in _runs(worker_context)}
    second = submitted(parameters=parameters)
    rounds = 0
    while True:
        worker_context.stopping.clear()
        with monkeypatch.context() as patch:
            original = cast("Callable[..., None]", Recorder.on_epoch)
            patch.setattr(Recorder, "on_epoch", _stopping_after(worker_context, 13, original))
            if not execute_next(worker_context):
                break
        rounds += 1
    worker_context.stopping.clear()
    assert rounds > 10
    _assert_same(worker_context, quiet, second)


class _Killed(BaseException):
    """What takes a process away in the middle of an epoch: nothing in it can answer."""


@pytest.mark.parametrize("last", [5, 37, 91])  # in epoch 5 nothing has been kept yet
def test_a_run_whose_worker_was_killed_ends_with_the_bits_of_one_that_was_not(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    submitted()
    _work(worker_context)
    quiet = {run.number: run for run in _runs(worker_context)}
    second = submitted()
    original = cast("Callable[..., None]", Recorder.on_epoch)

    def killed(self: Recorder, report: EpochReport) -> None:
        original(self, report)
        if report.epoch == last - 9:
            self.flush(checkpoint=True)  # what comes after it is lost, and computed again
        if report.epoch == last:
            raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(Recorder, "on_epoch", killed)
        with pytest.raises(_Killed):
            execute_next(worker_context)
    with worker_context.database.write() as session:
        session.execute(
            update(PopulationRow).where(PopulationRow.state == "running").values(lease_expires_at=0)
        )
    assert worker_context.database.run(requeue_expired) == 1
    _work(worker_context)
    _assert_same(worker_context, quiet, second)


def _assert_same(worker_context: Context, quiet: dict[int, Run], second: Submitted) -> None:
    """Every run of the second sweep is that of the first with its number, bit for bit."""
    with worker_context.database.read() as session:
        again = session.scalars(select(Run).where(Run.sweep_id == second.sweep_id)).all()
        assert session.scalars(select(Checkpoint)).all() == []
        assert {row.state for row in session.scalars(select(PopulationRow))} == {"finished"}
    assert len(again) == len(quiet)
    for run in again:
        other = quiet[run.number]
        assert (run.state, run.reason, run.epoch) == (other.state, other.reason, other.epoch)
        assert (run.weights_sha256, run.metrics) == (other.weights_sha256, other.metrics)
        assert run.identity_sha256 == other.identity_sha256
        ours, theirs = _losses(worker_context, run), _losses(worker_context, other)
        assert [(row.epoch, row.train_loss, row.gradient_norm) for row in ours] == [
            (row.epoch, row.train_loss, row.gradient_norm) for row in theirs
        ]
