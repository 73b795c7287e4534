"""Runs that are given more epochs go on from where they ended, and come to what they would have been."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, func, select

from service.lifecycle import create
from service.lifecycle.claim import claim_population
from service.lifecycle.last_states import let_the_oldest_go
from service.lifecycle.requeue import requeue_lost
from service.store.schema import Checkpoint, Event, LastState, LossRow, Run, Sweep
from tests.worker.extending import Submit, equals_one_submitted_at_once, extend, results, sweep_row, work
from worker.context import Context

PARAMETERS: dict[str, Any] = {
    "learning_rate": {"values": [0.01, 0.1]},
    "hidden_layers": {"value": [8]},
    "epochs": 4,
}
TINY: dict[str, Any] = {"learning_rate": 0.05, "hidden_layers": {"value": []}, "batch_size": "full"}
CUBIC = {"expression": "x**3 + 3*x**2", "start": {"x": 1.0}}


def _went_on(context: Context, sweep: str) -> tuple[int, int]:
    """How many runs the last extension took up, and how many of them went on from their last states."""
    with context.database.read() as session:
        told = session.scalars(
            select(Event.document)
            .join(Sweep, Sweep.id == Event.sweep_id)
            .where(Sweep.public_id == sweep, Event.kind == "extended")
            .order_by(Event.number.desc())
        ).first()
        assert told is not None
        return told["runs"], told["from_last_state"]


def _count(context: Context, table: type) -> int:
    with context.database.read() as session:
        return session.scalars(select(func.count()).select_from(table)).one()


@pytest.mark.parametrize(
    ("changes", "keep_weights", "stored"),
    [
        pytest.param({}, "final", False, id="sgd"),
        pytest.param({}, "none", True, id="sgd without weights"),
        pytest.param({"optimizer": "adam"}, "both", True, id="adam"),
        pytest.param({"optimizer": "adam", "validate_every": 3}, "final", True, id="validated rarely"),
        pytest.param(
            {"patience": 2, "validate_every": 3, "min_delta": 1.0, "optimizer": "momentum", "dropout": 0.2},
            "best",
            True,
            id="patience",
        ),
    ],
)
def test_runs_trained_on_are_the_runs_of_a_sweep_with_more_epochs(
    worker_context: Context, submitted: Submit, changes: dict[str, Any], keep_weights: str, stored: bool
) -> None:
    parameters = {**PARAMETERS, **changes}
    sweep = submitted(parameters=parameters, keep_weights=keep_weights).public_id
    work(worker_context)
    runs = sweep_row(worker_context, sweep).all_count
    # Plain descent goes on from its weights, if these are kept; others need a state of their own.
    assert _count(worker_context, LastState) == (runs if stored else 0)
    assert extend(worker_context, sweep, epochs=7) > 0
    assert _went_on(worker_context, sweep) == (runs, runs)
    row = sweep_row(worker_context, sweep)
    assert (row.state, row.epochs_done, row.epochs_total) == ("queued", runs * 4, runs * 7)
    assert extend(worker_context, sweep, epochs=7) == 0
    assert (_count(worker_context, LastState), _count(worker_context, Checkpoint)) == (0, runs)
    equals_one_submitted_at_once(
        worker_context,
        submitted,
        sweep,
        parameters={**parameters, "epochs": 7},
        keep_weights=keep_weights,
    )


@pytest.mark.parametrize(("optimizer", "sound"), [("sgd", 2), ("adam", 3)])  # from 1, 0.45 escapes
def test_points_on_a_function_go_on(
    worker_context: Context, submitted: Submit, optimizer: str, sound: int
) -> None:
    parameters = {"learning_rate": {"values": [0.01, 0.1, 0.45]}, "optimizer": optimizer}
    whole: dict[str, Any] = {"dataset": None, "function": CUBIC, "seeds": 1}
    sweep = submitted(parameters={**parameters, "epochs": 20}, **whole).public_id
    work(worker_context)
    extend(worker_context, sweep, epochs=50)
    assert _went_on(worker_context, sweep) == (sound, sound)
    equals_one_submitted_at_once(
        worker_context, submitted, sweep, parameters={**parameters, "epochs": 50}, **whole
    )


@pytest.mark.parametrize(
    ("first", "then", "going_on"),
    [
        pytest.param(700, 1_500, True, id="all rows, then each second"),
        pytest.param(1_001, 3_001, True, id="each second, then each fourth"),
        pytest.param(1_001, 2_001, False, id="each second, then each third, of which half are missing"),
    ],
)
def test_rows_are_thinned_as_those_of_a_run_with_so_many_epochs(
    worker_context: Context, submitted: Submit, first: int, then: int, going_on: bool
) -> None:
    changes = {"keep_weights": "both", "seeds": 1, "baselines": False}
    sweep = submitted(parameters={**TINY, "epochs": first}, **changes).public_id
    work(worker_context)
    extend(worker_context, sweep, epochs=then)
    assert _went_on(worker_context, sweep) == (1, int(going_on))
    equals_one_submitted_at_once(
        worker_context, submitted, sweep, parameters={**TINY, "epochs": then}, **changes
    )
    with worker_context.database.read() as session:
        assert session.scalars(select(func.max(LossRow.epoch))).one() == then


@pytest.mark.parametrize(
    "optimizer", ["sgd", "adam"]
)  # one goes on from copied weights, the other begins again
def test_runs_that_were_answered_from_the_store_are_trained_to_more_epochs_as_runs_of_their_own(
    worker_context: Context, submitted: Submit, optimizer: str
) -> None:
    parameters = {"hidden_layers": [8], "optimizer": optimizer, "learning_rate": 0.05}
    submitted(parameters={**parameters, "epochs": 3}, baselines=False)
    work(worker_context)
    again = submitted(parameters={**parameters, "epochs": 3}, baselines=False, rerun=False)

    def originals() -> set[bool]:
        with worker_context.database.read() as session:
            keys = session.scalars(select(Run.reused_from_id).where(Run.sweep_id == again.sweep_id))
            return {key is not None for key in keys}

    assert originals() == {True}
    extend(worker_context, again.public_id, epochs=5)
    assert originals() == {False}  # there is no equal run any more
    equals_one_submitted_at_once(
        worker_context, submitted, again.public_id, parameters={**parameters, "epochs": 5}, baselines=False
    )


def test_runs_that_ended_by_themselves_stay_as_they_are(worker_context: Context, submitted: Submit) -> None:
    parameters: dict[str, Any] = {"learning_rate": {"values": [0.01, 0.5, 1e6]}, "loss": "mse", "patience": 2}
    parameters |= {"min_delta": 0.004, "epochs": 12, "restore_best": True}
    sweep = submitted(parameters=parameters, seeds=3).public_id
    work(worker_context)
    endings = {(result[0], result[2] < 12) for result in results(worker_context, sweep).values()}
    assert endings == {("completed", False), ("completed", True), ("diverged", True)}
    extend(worker_context, sweep, epochs=15)
    runs, went_on = _went_on(worker_context, sweep)
    assert 0 < went_on <= runs < sweep_row(worker_context, sweep).all_count
    equals_one_submitted_at_once(
        worker_context, submitted, sweep, parameters={**parameters, "epochs": 15}, seeds=3
    )


def test_where_states_were_let_go_runs_begin_again(worker_context: Context, submitted: Submit) -> None:
    parameters = {**PARAMETERS, "optimizer": "adam"}
    sweep = submitted(parameters=parameters).public_id
    work(worker_context)
    with worker_context.database.read() as session:
        sizes = session.scalars(select(LastState.size).order_by(LastState.kept_at, LastState.run_id)).all()
    room = sum(sizes[3:])
    assert let_the_oldest_go(worker_context.database, sum(sizes)) == 0
    assert let_the_oldest_go(worker_context.database, room + sizes[2] - 1) == 3
    extend(worker_context, sweep, epochs=7)
    assert _went_on(worker_context, sweep) == (len(sizes), len(sizes) - 3)
    equals_one_submitted_at_once(worker_context, submitted, sweep, parameters={**parameters, "epochs": 7})


def test_more_epochs_can_be_asked_for_again_and_again(worker_context: Context, submitted: Submit) -> None:
    parameters = {**PARAMETERS, "optimizer": "adam", "validate_every": 2}
    sweep = submitted(parameters=parameters).public_id
    for epochs in (5, 7, 8):
        work(worker_context)
        extend(worker_context, sweep, epochs=epochs)
        runs, went_on = _went_on(worker_context, sweep)
        assert runs == went_on > 0
    equals_one_submitted_at_once(worker_context, submitted, sweep, parameters={**parameters, "epochs": 8})


def test_no_statement_names_more_runs_than_one_may(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = {"values": [0.01 * place for place in range(1, 11)]}
    parameters = {**PARAMETERS, "learning_rate": rates, "optimizer": "adam", "validate_every": 3}
    sweep = submitted(parameters=parameters, baselines=False).public_id
    work(worker_context)
    monkeypatch.setattr(create, "ROWS_PER_STATEMENT", 2)
    named: dict[str, int] = {}

    def note(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        for table in ("UPDATE losses", "FROM configurations", "DELETE FROM last_states"):
            if table in statement and not many:
                named[table] = max(named.get(table, 0), len(values))

    event.listen(worker_context.database.engine, "before_cursor_execute", note)
    extend(worker_context, sweep, epochs=7)
    assert _went_on(worker_context, sweep) == (20, 20)
    assert len(named) == 3
    assert max(named.values()) < 10  # two runs or configurations, and what else is in a statement


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_worker_that_is_lost_before_its_first_checkpoint_leaves_the_last_state(
    worker_context: Context, submitted: Submit, optimizer: str
) -> None:
    parameters = {**PARAMETERS, "optimizer": optimizer}
    sweep = submitted(parameters=parameters).public_id
    work(worker_context)
    extend(worker_context, sweep, epochs=6)
    database = worker_context.database
    claim = database.run(
        lambda session: claim_population(
            session, worker="w2", environment_class=worker_context.environment_class, lease_seconds=30
        )
    )
    assert claim is not None
    assert {run.checkpoint_epoch for run in claim.runs} == {4}
    assert database.run(lambda session: requeue_lost(session, "w2", "killed")) == 1
    equals_one_submitted_at_once(worker_context, submitted, sweep, parameters={**parameters, "epochs": 6})
