"""One worker measures the machine; every other reads what it found, and planning follows."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from sqlalchemy import select, update

import worker.calibrating
from core.calibration import Calibration, Point, calibrate
from core.environment import environment_class
from service.lifecycle import fleet
from service.lifecycle.calibrations import cache_budget, keep_calibration
from service.lifecycle.momentary import Momentary
from service.lifecycle.owners import local_owner
from service.lifecycle.plan_submission import plan_submission
from service.lifecycle.workers import register_worker, worker_stopped
from service.planning.populations import CACHE_BUDGET
from service.store.database import Database
from service.store.schema import Worker
from worker.calibrating import know_the_machine
from worker.context import Context

MEBIBYTE = 2**20
SMALL = Calibration(MEBIBYTE, (Point(64, MEBIBYTE, 9, 100.0),))
SUBMISSION = b"""{"dataset": "digits", "seeds": 1, "baselines": false,
    "parameters": {"learning_rate": {"distribution": "uniform", "min": 0.01, "max": 1, "count": 200}}}"""


@pytest.fixture
def here(worker_context: Context) -> Context:
    """A worker that says truly which machine it is on."""
    worker_context.database.run(
        lambda session: session.execute(update(Worker).values(host=socket.gethostname()))
    )
    return worker_context


def measuring(monkeypatch: pytest.MonkeyPatch, answer: Calibration | Exception) -> list[str]:
    """Answer in place of measuring; the list grows with every call."""
    calls: list[str] = []

    def answered() -> Calibration:
        calls.append("measured")
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(worker.calibrating, "calibrate", answered)
    return calls


def stored(database: Database, name: str) -> dict[str, Any] | None:
    with database.read() as session:
        return session.scalar(select(Worker.calibration).where(Worker.name == name))


def test_the_first_worker_of_a_machine_measures_it_for_all_others(
    here: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = measuring(monkeypatch, SMALL)
    know_the_machine(here)
    other = here.database.run(
        lambda session: register_worker(
            session, name="w2", host=socket.gethostname(), process_id=2, environment=environment_class()
        )
    )
    know_the_machine(Context(here.database, here.settings, "w2", other))
    assert calls == ["measured"]
    assert stored(here.database, "w2") == stored(here.database, "w1")


def test_workers_that_measured_together_agree_on_the_first_answer(
    here: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = here.database.run(
        lambda session: register_worker(
            session, name="w2", host=socket.gethostname(), process_id=2, environment=environment_class()
        )
    )

    def outrun() -> Calibration:
        here.database.run(lambda session: keep_calibration(session, "w2", SMALL))
        return Calibration(8 * MEBIBYTE, SMALL.points)

    monkeypatch.setattr(worker.calibrating, "calibrate", outrun)
    know_the_machine(here)
    assert other == here.environment_class
    assert stored(here.database, "w1") == stored(here.database, "w2")


def test_another_arithmetic_is_measured_anew(here: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = measuring(monkeypatch, SMALL)
    know_the_machine(here)
    monkeypatch.setattr("service.lifecycle.calibrations.NUMERICS_VERSION", 10_000)
    know_the_machine(here)
    assert len(calls) == 2


def test_a_submission_is_divided_for_the_smallest_cache_among_live_workers(
    here: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = here.database.run(local_owner)

    def largest() -> int:
        monkeypatch.setattr(fleet, "_FLEETS", Momentary())  # what was true a second ago would do elsewhere
        plan = plan_submission(here.database, owner_id=owner, body=SUBMISSION, max_runs=1_000)
        return max(map(len, plan.populations))

    before = largest()
    measuring(monkeypatch, SMALL)
    know_the_machine(here)
    assert largest() < before / 2
    here.database.run(lambda session: worker_stopped(session, "w1"))
    assert largest() == before


def test_a_machine_that_cannot_be_measured_trains_all_the_same(
    here: Context, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    measuring(monkeypatch, MemoryError())
    know_the_machine(here)
    assert "could not be measured" in caplog.text
    with here.database.read() as session:
        assert cache_budget(session) == CACHE_BUDGET


def test_what_is_measured_for_real_can_be_stored(here: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {64: 1e-3, 256: 5e-3}
    measuring(monkeypatch, calibrate(lambda hidden, runs: 0.01 + runs * seconds[hidden]))
    know_the_machine(here)
    with here.database.read() as session:
        assert MEBIBYTE <= cache_budget(session) <= 32 * MEBIBYTE
