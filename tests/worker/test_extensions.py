"""What is added to a sweep is what would have been there, had it been submitted so at once."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from service.errors import Conflict, InvalidSubmission, NotFound
from service.lifecycle.extend import extend_sweep
from service.lifecycle.owners import local_owner
from service.lifecycle.pause import pause_sweep
from service.store.schema import (
    Event,
    PopulationRow,
    Run,
    Sweep,
)
from tests.worker.extending import Submit, equals_one_submitted_at_once, extend, sweep_row, work
from worker.context import Context
from worker.execution import execute_next

PARAMETERS = {"learning_rate": {"values": [0.01, 0.1]}, "hidden_layers": {"value": [8]}, "epochs": 4}


@pytest.mark.parametrize("first", ["finished", "running"])
def test_further_seeds_are_the_runs_of_a_sweep_with_more_seeds(
    worker_context: Context, submitted: Submit, first: str
) -> None:
    sweep = submitted(parameters=PARAMETERS, seeds=2).public_id
    if first == "finished":
        work(worker_context)
    assert extend(worker_context, sweep, seeds=2) > 0
    row = sweep_row(worker_context, sweep)
    assert (row.extensions, row.all_count, row.headline) == ([{"seeds": [2, 3]}], 16, None)
    equals_one_submitted_at_once(worker_context, submitted, sweep, parameters=PARAMETERS, seeds=4)
    with worker_context.database.read() as session:
        numbers = session.scalars(select(Run.number).join(Sweep).where(Sweep.public_id == sweep))
        assert sorted(numbers) == list(range(1, 17))


def test_seeds_by_number_are_added_once(worker_context: Context, submitted: Submit) -> None:
    sweep = submitted(parameters=PARAMETERS, seeds=[7], baselines=False).public_id
    extend(worker_context, sweep, seeds=[7, 3])
    assert extend(worker_context, sweep, seeds=[3, 7]) == 0
    assert extend(worker_context, sweep, seeds=1) > 0
    row = sweep_row(worker_context, sweep)
    assert (row.seeds, row.all_count) == ([7, 3, 0], 6)


def test_further_values_are_the_runs_of_a_sweep_with_more_values(
    worker_context: Context, submitted: Submit
) -> None:
    sweep = submitted(parameters=PARAMETERS).public_id
    work(worker_context)
    extend(worker_context, sweep, parameters={"lr": {"values": [0.1, 0.5]}})
    extend(worker_context, sweep, parameters={"batch_size": {"value": 64}}, seeds=1)
    parameters = {
        **PARAMETERS,
        "learning_rate": {"values": [0.01, 0.1, 0.5]},
        "batch_size": {"values": [32, 64]},
    }
    equals_one_submitted_at_once(worker_context, submitted, sweep, parameters=parameters, seeds=3)


@pytest.mark.parametrize("schedule", ["cosine", "linear", "one_cycle"])
def test_epochs_are_refused_where_every_learning_rate_depends_on_their_number(
    worker_context: Context, submitted: Submit, schedule: str
) -> None:
    sweep = submitted(parameters={**PARAMETERS, "learning_rate_schedule": schedule}).public_id
    with pytest.raises(InvalidSubmission, match=f"under the schedule {schedule}"):
        extend(worker_context, sweep, epochs=7)


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
        extend(worker_context, sweep, **asked)
    with worker_context.database.read() as session:
        assert session.scalars(select(Event.kind)).all() == ["created"]


def test_epochs_can_be_added_by_value_where_they_vary(worker_context: Context, submitted: Submit) -> None:
    parameters = {**PARAMETERS, "epochs": {"values": [2, 4]}}
    sweep = submitted(parameters=parameters).public_id
    with pytest.raises(InvalidSubmission, match="varies in this sweep"):
        extend(worker_context, sweep, epochs=7)
    extend(worker_context, sweep, parameters={"epochs": {"values": [7]}})
    equals_one_submitted_at_once(
        worker_context, submitted, sweep, parameters={**parameters, "epochs": {"values": [2, 4, 7]}}
    )


def test_epochs_are_added_only_to_a_sweep_that_is_final(worker_context: Context, submitted: Submit) -> None:
    sweep = submitted(parameters=PARAMETERS).public_id
    with pytest.raises(Conflict, match="is queued; only a completed, canceled or failed one"):
        extend(worker_context, sweep, epochs=7)


def test_what_is_added_to_a_paused_sweep_waits_with_it(worker_context: Context, submitted: Submit) -> None:
    sweep = submitted(parameters=PARAMETERS).public_id
    database = worker_context.database
    database.run(lambda session: pause_sweep(session, local_owner(session), sweep))
    assert extend(worker_context, sweep, seeds=1) == 0
    assert not execute_next(worker_context)
    with database.read() as session:
        assert set(session.scalars(select(PopulationRow.state))) == {"paused"}
        assert session.scalars(select(Sweep.paused_count)).one() == 12


def test_a_sweep_of_other_arithmetic_is_not_extended(worker_context: Context, submitted: Submit) -> None:
    sweep = submitted(parameters=PARAMETERS).public_id
    with worker_context.database.write() as session:
        session.scalars(select(Sweep)).one().numerics_version = 0
    with pytest.raises(Conflict, match="numerics version 0"):
        extend(worker_context, sweep, seeds=1)


def test_a_foreign_sweep_is_not_there_to_be_extended(worker_context: Context, submitted: Submit) -> None:
    sweep = submitted(parameters=PARAMETERS).public_id
    with pytest.raises(NotFound):
        extend_sweep(
            worker_context.database, owner_id=99, public_id=sweep, body=b'{"seeds": 1}', max_runs=1_000
        )
