"""What a checkpoint says is looked at before it is gone on from; where it cannot be, the runs begin again."""

from __future__ import annotations

from typing import Any

import pytest
from safetensors.numpy import load, save
from sqlalchemy import select, update

from core import population
from service.lifecycle.owners import local_owner
from service.lifecycle.pause import pause_sweep, resume_sweep
from service.store.schema import Checkpoint, Run
from tests.worker.extending import Submit, equals_one_submitted_at_once, extend, work
from worker.context import Context
from worker.execution import execute_next
from worker.recording import Recorder

PARAMETERS: dict[str, Any] = {
    "learning_rate": {"values": [0.01, 0.1]},
    "hidden_layers": {"value": [8]},
    "optimizer": "adam",
    "epochs": 12,
}


def _paused_in_the_middle(context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch) -> str:
    """A sweep one of whose populations has checkpoints of its seventh epoch, and can be claimed again."""
    sweep = submitted(parameters=PARAMETERS, baselines=False, keep_weights="both").public_id
    owner = context.database.run(local_owner)
    original = Recorder.on_epoch

    def pause(self: Recorder, report: Any) -> None:
        original(self, report)
        if report.epoch == 7:
            context.database.run(lambda session: pause_sweep(session, owner, sweep))
            context.stopping.set()

    with monkeypatch.context() as patch:
        patch.setattr(Recorder, "on_epoch", pause)
        execute_next(context)
    context.stopping.clear()
    context.database.run(lambda session: resume_sweep(session, owner, sweep))
    return sweep


def _checkpoints(context: Context) -> dict[int, bytes]:
    with context.database.read() as session:
        rows = session.execute(select(Checkpoint.run_id, Checkpoint.content))
        return {run: content for run, content in rows.all()}  # noqa: C416 - rows are no pairs to mypy


def _replace(context: Context, run: int, content: bytes) -> None:
    with context.database.write() as session:
        session.execute(update(Checkpoint).where(Checkpoint.run_id == run).values(content=content))


def _changed(content: bytes) -> bytes:
    return content[:-40] + bytes([content[-40] ^ 1]) + content[-39:]


@pytest.mark.parametrize("damage", [_changed, lambda content: content[:100], lambda _content: b""])
def test_runs_with_a_damaged_checkpoint_begin_again_and_come_to_the_same_bits(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch, damage: Any
) -> None:
    sweep = _paused_in_the_middle(worker_context, submitted, monkeypatch)
    run, content = max(_checkpoints(worker_context).items())
    _replace(worker_context, run, damage(content))
    equals_one_submitted_at_once(
        worker_context, submitted, sweep, parameters=PARAMETERS, baselines=False, keep_weights="both"
    )
    with worker_context.database.read() as session:
        assert set(session.scalars(select(Run.replay))) == {None}


def test_runs_with_a_checkpoint_of_other_arithmetic_begin_again(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(population, "NUMERICS_VERSION", -1)
        sweep = _paused_in_the_middle(worker_context, submitted, monkeypatch)
    assert _checkpoints(worker_context)
    equals_one_submitted_at_once(
        worker_context, submitted, sweep, parameters=PARAMETERS, baselines=False, keep_weights="both"
    )


def _one_weight_more(content: bytes) -> bytes:
    weights = load(content)
    return save({**weights, "layers.0.bias": weights["layers.0.bias"] + 1})


@pytest.mark.parametrize("damage", [_one_weight_more, lambda content: content[: len(content) // 2]])
def test_runs_whose_final_weights_were_damaged_begin_again_when_they_are_given_more_epochs(
    worker_context: Context, submitted: Submit, damage: Any
) -> None:
    parameters = {**PARAMETERS, "optimizer": "sgd"}
    sweep = submitted(parameters=parameters, baselines=False).public_id
    work(worker_context)
    extend(worker_context, sweep, epochs=15)
    for run, content in _checkpoints(worker_context).items():
        _replace(worker_context, run, damage(content))
    equals_one_submitted_at_once(
        worker_context, submitted, sweep, parameters={**parameters, "epochs": 15}, baselines=False
    )
