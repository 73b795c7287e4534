"""Requests of a key are bounded over a sliding minute, for all processes together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import event, select

from service.lifecycle.api_keys import create_api_key
from service.lifecycle.owners import local_owner
from service.lifecycle.request_meter import RequestMeter, seconds_to_wait
from service.store.database import Database
from service.store.schema import ApiKey, KeyRequests

START = 60_000 * 1_000


@pytest.fixture
def key(database: Database) -> int:
    with database.write() as session:
        create_api_key(session, local_owner(session), name="ci")
        return session.scalars(select(ApiKey.id)).one()


def asked(meter: RequestMeter, database: Database, key: int, moment: int, limit: int = 20) -> bool:
    if meter.is_due(key, limit, moment):
        meter.exchange(database, key, moment)
    return meter.judge(key, limit, moment).passes


def test_a_minute_holds_as_many_requests_as_are_allowed(database: Database, key: int) -> None:
    meter = RequestMeter()
    passed = [asked(meter, database, key, START + 10 * number) for number in range(50)]
    assert passed == [True] * 20 + [False] * 30


def test_the_window_slides_so_that_no_sixty_seconds_hold_twice_as_many(database: Database, key: int) -> None:
    meter = RequestMeter()
    for number in range(20):
        assert asked(meter, database, key, START + 59_000 + number)
    assert not asked(meter, database, key, START + 60_500)
    # Half a minute on, half of the twenty still counts.
    assert sum(asked(meter, database, key, START + 90_000 + number) for number in range(20)) == 10


def test_who_is_refused_is_told_when_one_passes(database: Database, key: int) -> None:
    meter = RequestMeter()
    for number in range(20):
        asked(meter, database, key, START + number)
    verdict = meter.judge(key, 20, START + 20_000)
    assert (verdict.passes, verdict.remaining, verdict.reset_seconds) == (False, 0, 40)
    moment = START + 20_000 + verdict.retry_seconds * 1000
    assert not asked(meter, database, key, moment - 1_500)
    assert asked(meter, database, key, moment)


@pytest.mark.parametrize(
    ("before", "present", "limit", "into", "seconds"),
    [(0, 1, 1, 0, 120), (10, 0, 10, 0, 6), (0, 10, 10, 30_000, 36), (20, 0, 10, 0, 33)],
)
def test_the_wait_follows_from_the_window(
    before: int, present: int, limit: int, into: int, seconds: int
) -> None:
    assert seconds_to_wait(before, present, limit, into) == seconds


def test_processes_share_a_limit_and_overrun_it_by_a_twentieth_each_at_most(
    database: Database, key: int
) -> None:
    meters = [RequestMeter() for _ in range(4)]
    passed = 0
    for number in range(400):
        passed += asked(meters[number % 4], database, key, START + number, limit=200)
    assert 200 <= passed <= 200 + 4 * 10


@pytest.fixture
def writes(database: Database) -> Iterator[list[str]]:
    told: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            told.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield told
    event.remove(database.engine, "before_cursor_execute", note)


def test_a_thousand_requests_in_a_second_cost_a_few_writes(
    database: Database, key: int, writes: list[str]
) -> None:
    meter = RequestMeter()
    assert all(asked(meter, database, key, START + number, limit=10_000) for number in range(1_000))
    assert len(writes) <= 4
    asked(meter, database, key, START + 2_500, limit=10_000)
    with database.read() as session:
        assert session.scalars(select(KeyRequests.requests)).one() == 1_000


def test_counts_of_minutes_that_are_over_are_cleared_away(database: Database, key: int) -> None:
    meter = RequestMeter()
    for minute in range(5):
        for number in range(3):
            asked(meter, database, key, START + minute * 60_000 + number * 2_000)
    with database.read() as session:
        assert len(session.scalars(select(KeyRequests.minute)).all()) <= 2


def test_what_could_not_be_told_is_told_later(database: Database, key: int) -> None:
    meter = RequestMeter()
    for number in range(5):
        meter.judge(key, 1_000, START + number)
    gone = Database("sqlite:////nowhere/at/all.db")
    with pytest.raises(Exception, match="unable to open"):
        meter.exchange(gone, key, START + 2_000)
    gone.dispose()
    meter.exchange(database, key, START + 2_000)
    with database.read() as session:
        assert session.scalars(select(KeyRequests.requests)).one() == 5
