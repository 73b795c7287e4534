"""What a key may have is bounded, and what is refused is told with its value."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from service.errors import InvalidSubmission, LimitReached
from service.lifecycle.access import Caller, KeyInUse
from service.lifecycle.cancel import cancel_sweep
from service.lifecycle.extend import extend_sweep
from service.lifecycle.limits import Limits, default_limits, limits_of, queued_runs, stored_bytes, within
from service.lifecycle.owners import local_owner
from service.lifecycle.retry import retry_sweep
from service.lifecycle.submit import submit
from service.settings import Settings
from service.store.database import Database
from service.store.schema import Sweep

MANY = Limits(requests_per_minute=60, queued_runs=1000, runs_per_sweep=1000, stored_bytes=10**9)
FUNCTION = {"function": {"expression": "x**2", "start": {"x": 1.0}}}


def body(runs: int) -> bytes:
    rates = [0.01 * (number + 1) for number in range(runs)]
    return json.dumps(FUNCTION | {"parameters": {"learning_rate": {"values": rates}, "epochs": 3}}).encode()


def ask(database: Database, runs: int, limits: Limits | None) -> str:
    owner = database.run(local_owner)
    return submit(
        database, owner_id=owner, body=body(runs), idempotency_key=None, max_runs=1000, limits=limits
    ).public_id


def test_queued_runs_are_bounded_over_all_sweeps_of_an_owner(database: Database) -> None:
    limits = replace(MANY, queued_runs=5)
    ask(database, 3, limits)
    with pytest.raises(LimitReached) as refusal:
        ask(database, 3, limits)
    (fault,) = refusal.value.faults
    assert (fault.path, fault.value) == ("runs", 3)
    assert "beside the 3 that wait already" in fault.message
    assert "5 queued runs" in (fault.allowed or "")
    ask(database, 2, limits)
    with database.read() as session:
        assert len(session.scalars(select(Sweep.id)).all()) == 2


def test_runs_of_a_canceled_sweep_do_not_wait_and_their_retry_is_bounded(database: Database) -> None:
    limits, owner = replace(MANY, queued_runs=5), database.run(local_owner)
    first = ask(database, 4, limits)
    database.run(lambda session: cancel_sweep(session, owner, first))
    ask(database, 4, limits)
    unit: Callable[..., int] = lambda session: retry_sweep(session, owner, first)  # noqa: E731
    with pytest.raises(LimitReached, match="too many would wait"):
        database.run(within(limits, owner, unit))
    with database.read() as session:
        assert queued_runs(session, owner) == 4
    assert database.run(within(replace(limits, queued_runs=8), owner, unit)) > 0


def test_a_sweep_has_no_more_runs_than_the_key_allows(database: Database) -> None:
    with pytest.raises(InvalidSubmission, match="7 runs asked, at most 6"):
        ask(database, 7, replace(MANY, runs_per_sweep=6))
    ask(database, 7, None)


def test_bytes_are_counted_when_they_are_planned_and_an_extension_adds_to_them(database: Database) -> None:
    owner = database.run(local_owner)
    sweep = ask(database, 2, MANY)
    with database.read() as session:
        taken = stored_bytes(session, owner)
    assert taken == 2 * (
        2_000 + 3 * 100 + 8
    )  # by the figures of the preview: a run, its losses, its variable
    more = json.dumps({"parameters": {"learning_rate": {"values": [0.5, 0.6]}}}).encode()
    few = replace(MANY, stored_bytes=taken + 10)
    with pytest.raises(LimitReached, match="too many would be taken"):
        extend_sweep(database, owner_id=owner, public_id=sweep, body=more, max_runs=100, limits=few)
    with pytest.raises(LimitReached, match="bytes: are too many"):
        ask(database, 1, few)
    extend_sweep(database, owner_id=owner, public_id=sweep, body=more, max_runs=100, limits=MANY)
    with database.read() as session:
        assert stored_bytes(session, owner) == 2 * taken


def test_two_requests_at_once_do_not_both_take_what_is_left_for_one(database: Database) -> None:
    limits, barrier = replace(MANY, queued_runs=5), Barrier(4)
    database.run(local_owner)
    refused = []

    def work() -> None:
        barrier.wait()
        try:
            ask(database, 2, limits)
        except LimitReached as error:
            refused.append(error)

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert queued_runs(session, local_owner(session)) == 4
    assert len(refused) == 2


def test_a_key_has_the_settings_limits_where_it_has_none_of_its_own_and_the_token_has_none() -> None:
    settings = Settings.from_environment({"BACKSWEEP_KEY_QUEUED_RUNS": "7"})
    key = KeyInUse(1, "abc", {"stored_bytes": 3, "unknown": 1}, 0)
    found = limits_of(settings, Caller(1, key=key))
    assert found == replace(default_limits(settings), stored_bytes=3)
    assert found.queued_runs == 7
    assert limits_of(settings, Caller(1)) is None
