"""A range test goes through submit, worker and store as any sweep, and its answer is a screening."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select

from service.errors import InvalidSubmission, NotFound
from service.lifecycle.extend import extend_sweep
from service.lifecycle.keep_headline import keep_headlines
from service.lifecycle.owners import local_owner
from service.lifecycle.submit import Submitted
from service.planning.measurements import SCREENED
from service.planning.screening import Screening
from service.store.schema import LossRow, Run, Sweep, Weights
from service.store.screening_queries import find_screening
from service.store.summary_queries import sweep_summary
from worker.context import Context
from worker.execution import execute_next

Submit = Callable[..., Submitted]
RATES = {"min": 1e-5, "max": 100, "count": 200}
TEST: dict[str, Any] = {
    "method": "range_test",
    "seeds": 3,
    "parameters": {"learning_rate": RATES, "hidden_layers": [8], "batch_size": 16},
}


def answer(context: Context, name: str) -> Screening:
    with context.database.read() as session:
        return find_screening(session, local_owner(session), name)


@pytest.fixture
def tested(worker_context: Context, submitted: Submit) -> Submitted:
    """The sweep with all its runs at their end."""
    found = submitted(**TEST)
    while execute_next(worker_context):
        pass
    return found


def test_every_step_is_a_row_with_its_rate_and_nothing_is_validated_tested_or_kept(
    worker_context: Context, tested: Submitted
) -> None:
    with worker_context.database.read() as session:
        runs = list(session.scalars(select(Run).order_by(Run.number)))
        assert [(run.state, run.role) for run in runs] == [("completed", "search")] * 3
        for run in runs:
            rows = list(
                session.scalars(select(LossRow).where(LossRow.run_id == run.id).order_by(LossRow.epoch))
            )
            assert [row.epoch for row in rows] == list(range(1, run.epoch + 1))
            rates = np.geomspace(1e-5, 100, 200)[: run.epoch]
            assert [row.learning_rate for row in rows] == pytest.approx(rates)
            assert all(row.validation_loss is None and row.train_loss is not None for row in rows)
            assert run.epoch < 200
            assert "times its minimum" in str(run.reason)
            assert run.test_outcomes is None
        assert session.scalar(select(func.count()).select_from(Weights)) == 0
        sweep = session.scalars(select(Sweep)).one()
        assert (sweep.state, sweep.method, sweep.metric, sweep.varied) == (
            "completed",
            "range_test",
            "train_loss",
            [],
        )
        assert sweep.epochs_done == sweep.epochs_total == 600


def test_the_answer_is_the_median_over_seeds_and_is_called_a_screening(
    worker_context: Context, tested: Submitted
) -> None:
    found = answer(worker_context, tested.public_id)
    assert found.first == pytest.approx(1e-5)
    assert (found.last, found.steps) == (100.0, 200)
    (setting,) = found.settings
    with worker_context.database.read() as session:
        stored = [run.metrics[SCREENED] for run in session.scalars(select(Run))]
    lows, highs = zip(*(each["suggestion"] for each in stored), strict=True)
    assert setting.suggestion == (median(lows), median(highs))
    for each in stored:
        assert sorted((each["steepest"], each["minimum"] / 10)) == each["suggestion"]
    keep_headlines(worker_context.database)
    with worker_context.database.read() as session:
        kept = session.scalars(select(Sweep.headline)).one()
        owner = local_owner(session)
        summary, context = sweep_summary(session, owner, tested.public_id)
    assert kept == found.headline == context.screening
    assert kept is not None
    assert kept.startswith("Screening: learning rates from ")
    assert "median of 3 of 3 seeds" in kept
    assert not summary.pooled


def test_more_seeds_are_tested_beside_the_first(worker_context: Context, tested: Submitted) -> None:
    owner = worker_context.database.run(local_owner)
    before = answer(worker_context, tested.public_id).settings[0].runs
    database, name = worker_context.database, tested.public_id
    extend_sweep(database, owner_id=owner, public_id=name, body=b'{"seeds": 2}', max_runs=100)
    waiting = answer(worker_context, name)
    assert ", 3 of 5 finished" in waiting.headline
    while execute_next(worker_context):
        pass
    assert answer(worker_context, name).settings[0].runs[:3] == before
    with pytest.raises(InvalidSubmission, match="one step for each rate"):
        extend_sweep(database, owner_id=owner, public_id=name, body=b'{"epochs": 300}', max_runs=100)


def test_each_setting_has_its_own_suggestion(worker_context: Context, submitted: Submit) -> None:
    parameters = {"lr": RATES, "optimizer": {"values": ["sgd", "adam"]}, "hidden_layers": [8]}
    found = submitted(**{**TEST, "parameters": parameters})
    assert answer(worker_context, found.public_id).headline.startswith("No answer yet: 0 of 6")
    while execute_next(worker_context):
        pass
    sgd, adam = answer(worker_context, found.public_id).settings
    assert (sgd.setting, adam.setting) == ({"optimizer": "sgd"}, {"optimizer": "adam"})
    assert sgd.suggestion is not None
    assert adam.suggestion is not None
    assert adam.suggestion[1] < sgd.suggestion[1]


def test_another_sweep_has_no_screening(worker_context: Context, submitted: Submit) -> None:
    with pytest.raises(NotFound, match="no range test"):
        answer(worker_context, submitted().public_id)
