"""What is added to a sweep is answered from the store as what is submitted: where it was trained before."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select, update

from service.lifecycle import reuse
from service.lifecycle.extend import extend_sweep
from service.lifecycle.owners import local_owner
from service.lifecycle.pause import pause_sweep
from service.lifecycle.submit import Submitted
from service.store.schema import Event, LossRow, Run, Sweep
from worker.context import Context
from worker.execution import execute_next

Submit = Callable[..., Submitted]
NARROW = {"learning_rate": {"values": [0.1]}, "hidden_layers": [8], "epochs": 4}
WIDE = {"learning_rate": {"values": [0.1, 0.5]}, "hidden_layers": [8], "epochs": 4}
ADDED = {"parameters": {"learning_rate": {"values": [0.5]}}}


@pytest.fixture
def submitted(submitted: Submit) -> Submit:
    """Submit the small sweep without baselines, so that its runs are those that the test names."""
    return partial(submitted, baselines=False)


def work(context: Context) -> None:
    while execute_next(context):
        continue


def extended(context: Context, submitted: Submitted, **asked: Any) -> int:
    owner = context.database.run(local_owner)
    return extend_sweep(
        context.database,
        owner_id=owner,
        public_id=submitted.public_id,
        body=json.dumps(asked).encode(),
        max_runs=100,
    )


def runs_of(context: Context, submitted: Submitted) -> list[Run]:
    with context.database.read() as session:
        runs = select(Run).where(Run.sweep_id == submitted.sweep_id).order_by(Run.number)
        return list(session.scalars(runs))


def sweep_of(context: Context, submitted: Submitted) -> Sweep:
    with context.database.read() as session:
        return session.scalars(select(Sweep).where(Sweep.id == submitted.sweep_id)).one()


def losses_of(context: Context, submitted: Submitted) -> int:
    with context.database.read() as session:
        rows = select(func.count()).join(Run, Run.id == LossRow.run_id).select_from(LossRow)
        return session.scalars(rows.where(Run.sweep_id == submitted.sweep_id)).one()


def test_a_final_sweep_that_is_extended_by_what_is_known_stays_final_with_another_headline(
    worker_context: Context, submitted: Submit
) -> None:
    narrow = submitted(parameters=NARROW, rerun=False)
    work(worker_context)
    wide = submitted(parameters=WIDE, rerun=True)
    work(worker_context)
    before = sweep_of(worker_context, narrow)
    assert extended(worker_context, narrow, **ADDED) == 0
    after, expected = sweep_of(worker_context, narrow), sweep_of(worker_context, wide)
    assert (after.state, after.completed_count) == ("completed", expected.completed_count)
    assert after.epochs_done == after.epochs_total == expected.epochs_total
    assert before.headline != after.headline == expected.headline
    own = len([run for run in runs_of(worker_context, narrow) if run.reused_from_id is None])
    assert own == before.all_count
    hashes = sorted(run.weights_sha256 or "" for run in runs_of(worker_context, narrow))
    assert hashes == sorted(run.weights_sha256 or "" for run in runs_of(worker_context, wide))
    assert losses_of(worker_context, narrow) == losses_of(worker_context, wide)
    with worker_context.database.read() as session:
        told = session.scalars(
            select(Event).where(Event.sweep_id == narrow.sweep_id).order_by(Event.number.desc()).limit(1)
        ).one()
    assert (told.kind, told.document["runs"], told.document["reused"]) == ("extended", 2, 2)
    assert told.document["state"] == "completed"
    assert extended(worker_context, narrow, **ADDED) == 0  # again, as if the answer was lost
    assert sweep_of(worker_context, narrow).event_count == told.number


def test_a_sweep_that_was_answered_itself_is_extended_by_answers_and_by_training(
    worker_context: Context, submitted: Submit
) -> None:
    submitted(parameters=WIDE, rerun=True)
    work(worker_context)
    narrow = submitted(parameters=NARROW, rerun=False)
    assert sweep_of(worker_context, narrow).state == "completed"
    losses = losses_of(worker_context, narrow)
    asked = {"parameters": {"learning_rate": {"values": [0.5, 0.7]}}}
    assert extended(worker_context, narrow, **asked) > 0
    sweep = sweep_of(worker_context, narrow)
    assert (sweep.state, sweep.queued_count, sweep.headline) == ("running", 2, None)
    assert losses_of(worker_context, narrow) == losses + 2 * 4  # of two seeds; nothing was copied twice
    work(worker_context)
    sweep = sweep_of(worker_context, narrow)
    assert (sweep.state, sweep.queued_count, sweep.epochs_done) == ("completed", 0, sweep.epochs_total)


@pytest.mark.parametrize(
    ("submits", "extends", "trains"), [(True, None, 2), (True, False, 0), (False, True, 2)]
)
def test_who_wants_new_runs_trained_says_so_at_submit_or_at_the_extension(
    submits: bool, extends: bool | None, trains: int, worker_context: Context, submitted: Submit
) -> None:
    submitted(parameters=WIDE, rerun=True)
    work(worker_context)
    narrow = submitted(parameters=NARROW, rerun=submits)
    work(worker_context)
    rerun = {} if extends is None else {"rerun": extends}
    extended(worker_context, narrow, **ADDED, **rerun)
    assert sweep_of(worker_context, narrow).queued_count == trains


def test_a_paused_sweep_has_the_answers_at_once_and_the_rest_waits(
    worker_context: Context, submitted: Submit
) -> None:
    submitted(parameters=WIDE, rerun=True)
    work(worker_context)
    narrow = submitted(parameters=NARROW, rerun=True)
    with worker_context.database.write() as session:
        pause_sweep(session, local_owner(session), narrow.public_id)
    before = sweep_of(worker_context, narrow)
    assert (
        extended(worker_context, narrow, parameters={"learning_rate": {"values": [0.5, 0.7]}}, rerun=False)
        == 0
    )
    after = sweep_of(worker_context, narrow)
    assert (after.state, after.completed_count) == ("paused", 2)
    assert after.paused_count == before.paused_count + 2


def test_an_original_that_changes_meanwhile_is_looked_for_again(
    worker_context: Context, submitted: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = submitted(parameters=WIDE, rerun=True)
    narrow = submitted(parameters=NARROW, rerun=True)
    work(worker_context)
    looked: list[int] = []

    def look(*arguments: Any) -> dict[int, int]:
        found = reuse.find_originals(*arguments)
        if not looked:
            with worker_context.database.write() as session:
                session.execute(update(Run).where(Run.sweep_id == wide.sweep_id).values(state="canceled"))
        looked.append(len(found))
        return found

    monkeypatch.setattr("service.lifecycle.extend.find_originals", look)
    extended(worker_context, narrow, **ADDED, rerun=False)
    assert looked == [2, 0]
    assert sweep_of(worker_context, narrow).queued_count == 2
