"""A lease is kept alive for a core that moves, and for no other."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from service import logs
from service.lifecycle.claim import claim_population
from service.lifecycle.materials import Materials
from service.lifecycle.requeue import requeue_expired
from service.lifecycle.submit import Submitted
from service.store.schema import PopulationRow
from tests.servers.waiting import eventually
from worker import heartbeat
from worker.context import Context
from worker.execution import execute_next
from worker.heartbeat import beating

LEASE = 2.0  # seconds; a busy machine stands still for half a second now and then
STILL = 1.4  # seconds


def _expires_at(context: Context, population: int) -> int | None:
    with context.database.read() as session:
        found = select(PopulationRow.lease_expires_at).where(PopulationRow.id == population)
        return session.scalars(found).one()


@pytest.mark.parametrize("moves", [True, False])
def test_a_core_that_stands_still_loses_its_lease_and_one_that_moves_does_not(
    worker_context: Context,
    submitted: Callable[..., Submitted],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    moves: bool,
) -> None:
    monkeypatch.setattr(heartbeat, "STILL_SECONDS", STILL)
    submitted()
    database = worker_context.database
    claim = database.run(
        lambda session: claim_population(
            session, worker="w1", environment_class="e" * 64, lease_seconds=LEASE
        )
    )
    assert claim is not None
    with caplog.at_level(logging.ERROR), beating(database, claim, lease_seconds=LEASE) as heard:
        until = time.monotonic() + 2 * LEASE
        while time.monotonic() < until:
            if moves:
                assert not heard.anything
            time.sleep(LEASE / 50)
        freed = database.run(requeue_expired)
    assert freed == (0 if moves else 1)
    assert (_expires_at(worker_context, claim.population_id) is None) is not moves
    assert ("its lease ends" in caplog.text) is not moves


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_logged_beside_the_work_says_what_it_is_about(
    worker_context: Context, submitted: Callable[..., Submitted], monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted()
    database = worker_context.database
    claim = database.run(
        lambda session: claim_population(
            session, worker="w1", environment_class="e" * 64, lease_seconds=LEASE
        )
    )
    assert claim is not None

    def gone(*_: Any) -> None:
        raise OperationalError("look", None, Exception("no server"))

    monkeypatch.setattr(heartbeat, "look", gone)
    monkeypatch.setattr(heartbeat, "LOOK_SECONDS", 0.01)
    lines = StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(logs.JsonLines())
    heartbeat.log.addHandler(handler)
    try:
        with logs.about(sweep="s_1"), beating(database, claim, lease_seconds=LEASE):
            eventually(lambda: "\n" in lines.getvalue(), "a line of the heartbeat")
    finally:
        heartbeat.log.removeHandler(handler)
    assert json.loads(lines.getvalue().splitlines()[0])["sweep"] == "s_1"


def test_the_lease_is_kept_alive_while_a_large_dataset_comes(
    worker_context: Context, submitted: Callable[..., Submitted], monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted(baselines=False)
    quick = replace(worker_context, settings=replace(worker_context.settings, lease_seconds=LEASE))
    freed = []

    def slowly(self: Context, sweep_id: int) -> Materials:
        until = time.monotonic() + 1.5 * LEASE
        while time.monotonic() < until:
            time.sleep(LEASE / 20)
            freed.append(self.database.run(requeue_expired))
        return load_materials(sweep_id)

    load_materials = worker_context.materials
    monkeypatch.setattr(Context, "materials", slowly)
    assert execute_next(quick)
    assert sum(freed) == 0
