"""Sweeps that arrive together are stored together, and each as if it had come alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.errors import InvalidSubmission
from service.lifecycle.create_together import Creation, create_sweeps
from service.lifecycle.owners import local_owner
from service.lifecycle.submit import Submitted, submit
from service.store.database import Database
from service.store.schema import ConfigurationRow, Event, PopulationRow, Run, Sweep
from service.store.sweep_queries import SweepView, find_sweep

TOGETHER = 8


@pytest.fixture
def database(database_url: str) -> Any:
    database = Database(database_url)
    yield database
    database.dispose()


def _body(rate: float, seeds: int = 2) -> bytes:
    parameters = {"learning_rate": {"values": [rate, 0.5]}, "hidden_layers": {"value": [4]}, "epochs": 1}
    return json.dumps(
        {"name": f"{rate}", "dataset": "iris", "seeds": seeds, "parameters": parameters}
    ).encode()


def _all_at_once(database: Database, bodies: list[bytes], key: Callable[[int], str | None]) -> list[Any]:
    owner = database.run(local_owner)
    ready = Barrier(len(bodies))

    def one(place: int) -> Submitted | Exception:
        ready.wait()
        try:
            return submit(
                database, owner_id=owner, body=bodies[place], idempotency_key=key(place), max_runs=1000
            )
        except InvalidSubmission as error:
            return error

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(one, range(len(bodies))))


def test_each_of_many_at_once_is_stored_whole(database: Database) -> None:
    bodies = [_body(0.01 + place / 100) for place in range(TOGETHER)]
    answers = _all_at_once(database, bodies, lambda place: f"key {place}")
    assert len({answer.public_id for answer in answers}) == TOGETHER
    with database.read() as session:
        for answer, body in zip(answers, bodies, strict=True):
            sweep = session.scalars(select(Sweep).where(Sweep.public_id == answer.public_id)).one()
            runs = session.scalars(select(Run).where(Run.sweep_id == sweep.id).order_by(Run.number)).all()
            assert sweep.submitted.encode() == body
            assert [run.number for run in runs] == list(range(1, 9))  # 2 rates, 2 seeds, and a linear network
            assert sweep.all_count == sweep.queued_count == len(runs)
            populations = set(
                session.scalars(select(PopulationRow.id).where(PopulationRow.sweep_id == sweep.id))
            )
            assert {run.population_id for run in runs} == populations
            rates = {session.get_one(ConfigurationRow, run.configuration_id).learning_rate for run in runs}
            assert rates == {float(sweep.name), 0.5}
            events = session.scalars(select(Event).where(Event.sweep_id == sweep.id)).all()
            assert [(event.number, event.kind) for event in events] == [(1, "created")]
            assert sweep.event_count == 1


def test_what_is_answered_is_what_is_stored(database: Database) -> None:
    (answer,) = _all_at_once(database, [_body(0.1)], lambda _: None)
    view: SweepView = answer.view
    with database.read() as session:
        stored = find_sweep(session, database.run(local_owner), answer.public_id)
        assert view.dataset == stored.dataset
        names = [
            column.key for column in Sweep.__table__.columns if column.key not in ("preprocessing", "split")
        ]
        for name in set(names) - {"extensions"}:
            assert getattr(view.sweep, name) == getattr(stored.sweep, name), name


def test_one_key_at_once_makes_one_sweep_and_no_other_is_lost(database: Database) -> None:
    bodies = [_body(0.1)] * TOGETHER + [_body(0.2), _body(0.3)]
    keys = ["the same"] * TOGETHER + ["another", "a third"]
    answers = _all_at_once(database, bodies, lambda place: keys[place])
    assert len({answer.public_id for answer in answers[:TOGETHER]}) == 1
    assert [answer.replayed for answer in answers[:TOGETHER]].count(False) == 1
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Sweep)) == 3


def test_one_that_cannot_be_stored_takes_no_other_along(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(session: Session, creations: list[Creation]) -> list[SweepView]:
        if any(creation.plan.submission.name == "0.02" for creation in creations):
            raise InvalidSubmission([])
        return create_sweeps(session, creations)

    monkeypatch.setattr("service.lifecycle.arrivals.create_sweeps", refuse)
    answers = _all_at_once(database, [_body(0.01 + place / 100) for place in range(4)], lambda _: None)
    assert [isinstance(answer, InvalidSubmission) for answer in answers] == [False, True, False, False]


def test_a_dataset_that_changed_since_it_was_looked_up_is_looked_up_again(database: Database) -> None:
    from service.datasets import csv_text
    from service.lifecycle.datasets import delete_dataset, keep_table

    owner = database.run(local_owner)

    def keep(rows: int) -> None:
        text = "x,kind\n" + "\n".join(f"{row}.5,{'ab'[row % 2]}" for row in range(rows)) + "\n"
        database.run(lambda session: keep_table(session, owner, csv_text.read(text, name="mine")))

    def send(name: str) -> int:
        body = json.dumps({"name": name, "dataset": "mine", "seeds": 1, "parameters": {"epochs": 1}}).encode()
        submitted = submit(database, owner_id=owner, body=body, idempotency_key=None, max_runs=10)
        assert submitted.view is not None
        counts = submitted.view.sweep.split_counts
        return int(counts["train"] + counts["validation"] + counts["test"])

    keep(40)
    body = {"dataset": "mine", "seeds": 1, "parameters": {"epochs": 1}}
    from service.lifecycle.plan_submission import plan_submission

    plan_submission(database, owner_id=owner, body=json.dumps(body).encode(), max_runs=10)
    delete_dataset(database, owner, "mine")
    keep(60)
    assert send("again") == 60
