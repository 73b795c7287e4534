"""What is added to a sweep is what would have been there, had it been submitted so at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from service.errors import Conflict, InvalidSubmission, NotFound
from service.lifecycle.extend import extend_sweep
from service.lifecycle.owners import local_owner
from service.lifecycle.pause import pause_sweep
from service.lifecycle.submit import Submitted
from service.store.schema import (
    ConfigurationRow,
    Event,
    LossRow,
    PopulationRow,
    Run,
    Sweep,
    Weights,
)
from worker.context import Context
from worker.execution import execute_next

Submit = Callable[..., Submitted]

PARAMETERS = {"learning_rate": {"values": [0.01, 0.1]}, "hidden_layers": {"value": [8]}, "epochs": 4}


def _extend(context: Context, sweep: str, **asked: Any) -> int:
    return extend_sweep(
        context.database,
        owner_id=context.database.run(local_owner),
        public_id=sweep,
        body=json.dumps(asked).encode(),
        max_runs=1_000,
    )


def _work(context: Context) -> None:
    while execute_next(context):
        pass


def _sweep(context: Context, public_id: str) -> Sweep:
    with context.database.read() as session:
        return session.scalars(select(Sweep).where(Sweep.public_id == public_id)).one()


def _results(context: Context, public_id: str) -> dict[tuple[str, int, str], tuple[Any, ...]]:
    """All that a run is, by what was asked for: configuration, seed and role."""
    with context.database.read() as session:
        rows = session.execute(
            select(Run, ConfigurationRow.hash)
            .join(ConfigurationRow, ConfigurationRow.id == Run.configuration_id)
            .join(Sweep, Sweep.id == Run.sweep_id)
            .where(Sweep.public_id == public_id)
        ).all()
        found = {}
        for run, digest in rows:
            losses = session.execute(
                select(LossRow.epoch, LossRow.train_loss, LossRow.validation_loss)
                .where(LossRow.run_id == run.id)
                .order_by(LossRow.epoch)
            ).all()
            weights = session.scalars(select(Weights.content).where(Weights.run_id == run.id)).all()
            metrics = {name: value for name, value in run.metrics.items() if name != "layers"}
            found[digest, run.seed, run.role] = (
                run.state,
                run.reason,
                run.epoch,
                run.epochs,
                run.weights_sha256,
                run.identity_sha256,
                metrics,
                run.test_outcomes,
                [tuple(row) for row in losses],
                weights,
            )
        assert len(found) == len(rows)  # no run twice
        return found


def _equals_one_submitted_at_once(context: Context, submitted: Submit, sweep: str, **changes: Any) -> None:
    _work(context)
    at_once = submitted(**changes).public_id
    _work(context)
    assert _results(context, sweep) == _results(context, at_once)
    extended, other = _sweep(context, sweep), _sweep(context, at_once)
    for name in (
        "state",
        "run_count",
        "all_count",
        "completed_count",
        "epochs_total",
        "epochs_done",
        "seeds",
        "varied",
        "constant",
        "headline",
    ):
        assert getattr(extended, name) == getattr(other, name), name
    assert extended.epochs_done == extended.epochs_total


@pytest.mark.parametrize("first", ["finished", "running"])
def test_further_seeds_are_the_runs_of_a_sweep_with_more_seeds(
    worker_context: Context, submitted: Submit, first: str
) -> None:
    sweep = submitted(parameters=PARAMETERS, seeds=2).public_id
    if first == "finished":
        _work(worker_context)
    assert _extend(worker_context, sweep, seeds=2) > 0
    row = _sweep(worker_context, sweep)
    assert (row.extensions, row.all_count, row.headline) == ([{"seeds": [2, 3]}], 16, None)
    _equals_one_submitted_at_once(worker_context, submitted, sweep, parameters=PARAMETERS, seeds=4)
    with worker_context.database.read() as session:
        numbers = session.scalars(select(Run.number).join(Sweep).where(Sweep.public_id == sweep))
        assert sorted(numbers) == list(range(1, 17))


def test_seeds_by_number_are_added_once(worker_context: Context, submitted: Submit) -> None:
    sweep = submitted(parameters=PARAMETERS, seeds=[7], baselines=False).public_id
    _extend(worker_context, sweep, seeds=[7, 3])
    assert _extend(worker_context, sweep, seeds=[3, 7]) == 0
    assert _extend(worker_context, sweep, seeds=1) > 0
    row = _sweep(worker_context, sweep)
    assert (row.seeds, row.all_count) == ([7, 3, 0], 6)


def test_further_values_are_the_runs_of_a_sweep_with_more_values(
    worker_context: Context, submitted: Submit
) -> None:
    sweep = submitted(parameters=PARAMETERS).public_id
    _work(worker_context)
    _extend(worker_context, sweep, parameters={"lr": {"values": [0.1, 0.5]}})
    _extend(worker_context, sweep, parameters={"batch_size": {"value": 64}}, seeds=1)
    parameters = {
        **PARAMETERS,
        "learning_rate": {"values": [0.01, 0.1, 0.5]},
        "batch_size": {"values": [32, 64]},
    }
    _equals_one_submitted_at_once(worker_context, submitted, sweep, parameters=parameters, seeds=3)


def test_runs_trained_on_are_the_runs_of_a_sweep_with_more_epochs(
    worker_context: Context, submitted: Submit
) -> None:
    parameters = {**PARAMETERS, "optimizer": "adam", "validate_every": 3}
    sweep = submitted(parameters=parameters).public_id
    _work(worker_context)
    assert _extend(worker_context, sweep, epochs=7) > 0
    row = _sweep(worker_context, sweep)
    assert (row.state, row.epochs_done, row.epochs_total) == ("queued", 0, row.all_count * 7)
    assert _extend(worker_context, sweep, epochs=7) == 0
    _equals_one_submitted_at_once(worker_context, submitted, sweep, parameters={**parameters, "epochs": 7})


def test_runs_that_ended_by_themselves_stay_as_they_are(worker_context: Context, submitted: Submit) -> None:
    parameters = {"learning_rate": {"values": [0.01, 0.5, 1e6]}, "loss": "mse", "patience": 2}
    parameters |= {"min_delta": 0.004, "epochs": 12, "restore_best": True}
    sweep = submitted(parameters=parameters, seeds=3).public_id
    _work(worker_context)
    endings = {(result[0], result[2] < 12) for result in _results(worker_context, sweep).values()}
    assert endings == {("completed", False), ("completed", True), ("diverged", True)}
    _extend(worker_context, sweep, epochs=15)
    _equals_one_submitted_at_once(
        worker_context, submitted, sweep, parameters={**parameters, "epochs": 15}, seeds=3
    )


@pytest.mark.parametrize("schedule", ["cosine", "linear", "one_cycle"])
def test_epochs_are_refused_where_every_learning_rate_depends_on_their_number(
    worker_context: Context, submitted: Submit, schedule: str
) -> None:
    sweep = submitted(parameters={**PARAMETERS, "learning_rate_schedule": schedule}).public_id
    with pytest.raises(InvalidSubmission, match=f"under the schedule {schedule}"):
        _extend(worker_context, sweep, epochs=7)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "asks for nothing"),
        ({"epochs": 3}, "fewer than the runs have"),
        ({"epochs": 8, "seeds": 1}, "cannot be asked for together with seeds"),
        ({"seeds": [1, 1]}, "has a seed twice"),
        ({"seeds": 0}, "is too small"),
        ({"colour": 1}, "there is no field 'colour'"),
        ({"parameters": {"learning_rat": 1}}, "did you mean 'learning_rate'"),
        ({"parameters": {"learning_rate": {"values": [-1]}}}, "learning_rate"),
        ({"parameters": {"momentum": 0.5}}, "momentum is used only when"),
        ({"seeds": 900}, "runs asked, at most 1,000"),
    ],
)
def test_what_cannot_be_added_is_said_and_nothing_changes(
    worker_context: Context, submitted: Submit, asked: dict[str, Any], message: str
) -> None:
    sweep = submitted(parameters=PARAMETERS).public_id
    with pytest.raises(InvalidSubmission, match=message):
        _extend(worker_context, sweep, **asked)
    with worker_context.database.read() as session:
        assert session.scalars(select(Event.kind)).all() == ["created"]


def test_epochs_can_be_added_by_value_where_they_vary(worker_context: Context, submitted: Submit) -> None:
    parameters = {**PARAMETERS, "epochs": {"values": [2, 4]}}
    sweep = submitted(parameters=parameters).public_id
    with pytest.raises(InvalidSubmission, match="varies in this sweep"):
        _extend(worker_context, sweep, epochs=7)
    _extend(worker_context, sweep, parameters={"epochs": {"values": [7]}})
    _equals_one_submitted_at_once(
        worker_context, submitted, sweep, parameters={**parameters, "epochs": {"values": [2, 4, 7]}}
    )


def test_epochs_are_added_only_to_a_sweep_that_is_final(worker_context: Context, submitted: Submit) -> None:
    sweep = submitted(parameters=PARAMETERS).public_id
    with pytest.raises(Conflict, match="is queued; only a completed, canceled or failed one"):
        _extend(worker_context, sweep, epochs=7)


def test_what_is_added_to_a_paused_sweep_waits_with_it(worker_context: Context, submitted: Submit) -> None:
    sweep = submitted(parameters=PARAMETERS).public_id
    database = worker_context.database
    database.run(lambda session: pause_sweep(session, local_owner(session), sweep))
    assert _extend(worker_context, sweep, seeds=1) == 0
    assert not execute_next(worker_context)
    with database.read() as session:
        assert set(session.scalars(select(PopulationRow.state))) == {"paused"}
        assert session.scalars(select(Sweep.paused_count)).one() == 12


def test_a_sweep_of_other_arithmetic_is_not_extended(worker_context: Context, submitted: Submit) -> None:
    sweep = submitted(parameters=PARAMETERS).public_id
    with worker_context.database.write() as session:
        session.scalars(select(Sweep)).one().numerics_version = 0
    with pytest.raises(Conflict, match="numerics version 0"):
        _extend(worker_context, sweep, seeds=1)


def test_a_foreign_sweep_is_not_there_to_be_extended(worker_context: Context, submitted: Submit) -> None:
    sweep = submitted(parameters=PARAMETERS).public_id
    with pytest.raises(NotFound):
        extend_sweep(
            worker_context.database, owner_id=99, public_id=sweep, body=b'{"seeds": 1}', max_runs=1_000
        )
