"""What was trained before is answered from the store: the same numbers, a row of its own, and no training."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import delete, event, func, inspect, select, update
from sqlalchemy.orm import undefer

from service.lifecycle import reuse
from service.lifecycle.extend import extend_sweep
from service.lifecycle.owners import local_owner
from service.lifecycle.submit import Submitted
from service.store.schema import Event, LayerRow, LossRow, Owner, PopulationRow, Run, Sweep, Weights
from worker.context import Context
from worker.execution import execute_next

Submit = Callable[..., Submitted]
OF_A_SWEEP = {"id", "public_id", "sweep_id", "population_id", "number", "role", "reused_from_id"}
TIMES = {"started_at", "finished_at"}


@pytest.fixture
def submitted(submitted: Submit) -> Submit:
    """Submit the small sweep as people do; elsewhere it is always trained."""

    def send(**changes: Any) -> Submitted:
        return submitted(**{"rerun": False, **changes})

    return send


def work(context: Context) -> int:
    count = 0
    while execute_next(context):
        count += 1
    return count


def sweep_of(context: Context, submitted: Submitted) -> Sweep:
    with context.database.read() as session:
        return session.scalars(select(Sweep).where(Sweep.id == submitted.sweep_id)).one()


def runs_of(context: Context, submitted: Submitted) -> list[Run]:
    with context.database.read() as session:
        return list(
            session.scalars(
                select(Run)
                .where(Run.sweep_id == submitted.sweep_id)
                .order_by(Run.number)
                .options(undefer(Run.test_outcomes))
            )
        )


def rows_of(context: Context, table: Any, run: Run) -> list[tuple[Any, ...]]:
    columns = [column for column in table.__table__.columns if column.name != "run_id"]
    with context.database.read() as session:
        return [tuple(row) for row in session.execute(select(*columns).where(table.run_id == run.id))]


def test_an_equal_sweep_is_complete_at_once_with_all_that_the_first_one_has(
    worker_context: Context, submitted: Submit
) -> None:
    first = submitted(parameters={"learning_rate": {"values": [0.1, 1e6]}, "hidden_layers": [8], "epochs": 4})
    work(worker_context)
    parameters = {"epochs": 4, "hidden_layers": [8], "lr": {"values": [1e6, 0.1]}}
    again = submitted(parameters=parameters, name="in another order")
    assert again.populations == 0
    assert work(worker_context) == 0
    before, after = sweep_of(worker_context, first), sweep_of(worker_context, again)
    counts = (after.completed_count, after.diverged_count)
    assert counts == (before.completed_count, before.diverged_count)
    assert (after.state, sum(counts), counts[1] > 0) == ("completed", 8, True)
    assert after.epochs_done == after.epochs_total == before.epochs_done
    assert after.finished_at is not None
    assert after.headline == before.headline is not None
    originals = {run.id: run for run in runs_of(worker_context, first)}
    answers = runs_of(worker_context, again)
    assert [run.number for run in answers] == list(range(1, 9))
    for run in answers:
        original = originals[run.reused_from_id or 0]
        for column in inspect(Run).columns:
            if column.name not in OF_A_SWEEP | TIMES:
                assert getattr(run, column.key) == getattr(original, column.key), column.name
        assert rows_of(worker_context, LossRow, run) == rows_of(worker_context, LossRow, original) != []
        assert rows_of(worker_context, Weights, run) == rows_of(worker_context, Weights, original) != []
        assert run.finished_at is not None
    with worker_context.database.read() as session:
        (event,) = session.scalars(select(Event).where(Event.sweep_id == again.sweep_id))
        assert event.document["reused"] == 8
        assert event.document["counts"] == dict(zip(("completed", "diverged"), counts, strict=True))
        assert event.document["state"] == "completed"


def test_only_what_is_new_is_trained(worker_context: Context, submitted: Submit) -> None:
    submitted(baselines=False)
    work(worker_context)
    wider = {"learning_rate": {"values": [0.01, 0.1, 0.5, 0.7]}, "hidden_layers": [8], "epochs": 4}
    again = submitted(parameters=wider, seeds=3, baselines=False)
    sweep = sweep_of(worker_context, again)
    assert (sweep.completed_count, sweep.queued_count, sweep.state) == (6, 6, "running")
    assert sweep.epochs_done == 24
    work(worker_context)
    sweep = sweep_of(worker_context, again)
    assert (sweep.completed_count, sweep.state, sweep.epochs_done) == (12, "completed", 48)
    with worker_context.database.read() as session:
        populations = session.scalars(
            select(PopulationRow).where(PopulationRow.sweep_id == again.sweep_id)
        ).all()
        assert {population.state for population in populations} == {"finished"}


def test_what_is_not_equal_is_trained(worker_context: Context, submitted: Submit) -> None:
    one = {"learning_rate": 0.1, "hidden_layers": [8], "epochs": 2}
    submitted(parameters=one)
    work(worker_context)
    different: list[dict[str, Any]] = [
        {"rerun": True},
        {"scale": "minmax"},
        {"split": {"seed": 1}},
        {"metric": {"name": "validation_accuracy"}},
        {"keep_weights": "both"},
        {"dataset": "wine"},
        {"features": ["petal_length_cm", "petal_width_cm"]},
    ]
    for changes in different:
        again = submitted(parameters=one, **changes)
        assert sweep_of(worker_context, again).queued_count == 4, changes
        assert all(run.reused_from_id is None for run in runs_of(worker_context, again)), changes


def test_weights_that_were_not_kept_are_trained_for_and_those_not_asked_for_are_not_copied(
    worker_context: Context, submitted: Submit
) -> None:
    submitted(keep_weights="none")
    work(worker_context)
    both = submitted(keep_weights="both")
    assert both.populations > 0
    work(worker_context)
    none, best = submitted(keep_weights="none"), submitted(keep_weights="best")
    assert none.populations == best.populations == 0
    assert rows_of(worker_context, Weights, runs_of(worker_context, none)[0]) == []
    assert [row[0] for row in rows_of(worker_context, Weights, runs_of(worker_context, best)[0])] == ["best"]


def test_another_owners_runs_answer_nothing(worker_context: Context, submitted: Submit) -> None:
    first = submitted()
    work(worker_context)
    with worker_context.database.write() as session:
        owner = Owner(name="somebody else", created_at=0)
        session.add(owner)
        session.flush()
        session.execute(update(Run).where(Run.sweep_id == first.sweep_id).values(owner_id=owner.id))
    assert submitted().populations > 0


def test_what_others_have_trained_keeps_no_sweep_from_being_stored_with_those_beside_it(
    worker_context: Context, submitted: Submit
) -> None:
    first = submitted()
    work(worker_context)
    assert submitted().view is None
    with worker_context.database.write() as session:
        owner = Owner(name="somebody else", created_at=0)
        session.add(owner)
        session.flush()
        session.execute(update(Run).values(owner_id=owner.id))
    again = submitted()
    assert again.view is not None  # as it was written, which is said where nothing is answered
    assert sweep_of(worker_context, again).queued_count == len(runs_of(worker_context, first))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_answers_are_found_by_their_identities_and_not_among_all_runs_of_an_owner(
    worker_context: Context, submitted: Submit
) -> None:
    submitted()
    work(worker_context)
    engine = worker_context.database.engine
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if "identity_sha256 IN" in statement:
            asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", note)
    submitted()
    event.remove(engine, "before_cursor_execute", note)
    assert len(asked) == 2  # whether there is any, and which
    with engine.connect() as connection:
        for statement, values in asked:
            steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            (of_runs,) = [step.detail for step in steps if "runs" in step.detail.split()]
            assert "ix_runs_identity_sha256" in of_runs


def test_a_run_that_was_canceled_failed_or_is_in_doubt_answers_nothing(
    worker_context: Context, submitted: Submit
) -> None:
    first = submitted(baselines=False, seeds=1)
    work(worker_context)
    a, b, c = runs_of(worker_context, first)
    with worker_context.database.write() as session:
        changes: list[tuple[Run, dict[str, Any]]] = [
            (a, {"state": "failed"}),
            (b, {"state": "canceled"}),
            (c, {"replay": {"epoch": 2}}),
        ]
        for run, values in changes:
            session.execute(update(Run).where(Run.id == run.id).values(values))
    assert sweep_of(worker_context, submitted(baselines=False, seeds=1)).queued_count == 3


def test_an_original_may_be_deleted_and_its_answer_answers_the_next(
    worker_context: Context, submitted: Submit
) -> None:
    first = submitted()
    work(worker_context)
    second = submitted()
    with worker_context.database.write() as session:
        keys = select(Run.id).where(Run.sweep_id == first.sweep_id)
        session.execute(update(Run).where(Run.reused_from_id.in_(keys)).values(reused_from_id=None))
        for table in (LossRow, LayerRow, Weights):
            session.execute(delete(table).where(table.run_id.in_(keys)))
        session.execute(delete(Run).where(Run.sweep_id == first.sweep_id))
    third = submitted()
    assert third.populations == 0
    assert {run.reused_from_id for run in runs_of(worker_context, third)} == {
        run.id for run in runs_of(worker_context, second)
    }


def test_an_original_that_changes_between_the_look_and_the_transaction_is_looked_for_again(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = submitted(baselines=False, seeds=1)
    work(worker_context)
    looked: list[int] = []
    real = reuse.find_originals

    def look(*arguments: Any) -> dict[int, int]:
        found = real(*arguments)
        if not looked:
            with worker_context.database.write() as session:
                session.execute(update(Run).where(Run.sweep_id == first.sweep_id).values(state="canceled"))
        looked.append(len(found))
        return found

    monkeypatch.setattr("service.lifecycle.submit.find_originals", look)
    again = submitted(baselines=False, seeds=1)
    assert looked == [3, 0]
    assert sweep_of(worker_context, again).queued_count == 3


def test_two_equal_sweeps_at_once_both_finish(worker_context: Context, submitted: Submit) -> None:
    start, found = Barrier(2), []

    def send() -> None:
        start.wait()
        found.append(submitted())

    threads = [Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    work(worker_context)
    assert [sweep_of(worker_context, each).state for each in found] == ["completed", "completed"]
    one, other = (runs_of(worker_context, each) for each in found)
    assert [run.weights_sha256 for run in one] == [run.weights_sha256 for run in other]


def test_an_answered_sweep_is_extended_as_any_other(worker_context: Context, submitted: Submit) -> None:
    submitted()
    work(worker_context)
    again = submitted()
    owner = worker_context.database.run(local_owner)
    database = worker_context.database
    extend_sweep(database, owner_id=owner, public_id=again.public_id, body=b'{"epochs": 6}', max_runs=100)
    work(worker_context)
    longer = submitted(
        parameters={"learning_rate": {"values": [0.01, 0.1, 0.5]}, "hidden_layers": [8], "epochs": 6},
        rerun=True,
    )
    work(worker_context)
    told, trained = runs_of(worker_context, again), runs_of(worker_context, longer)
    assert [run.weights_sha256 for run in told] == [run.weights_sha256 for run in trained]
    assert sweep_of(worker_context, again).state == "completed"
    with database.read() as session:
        double = select(func.count()).select_from(LossRow).where(LossRow.run_id == told[0].id)
        assert session.scalar(double) == 6
