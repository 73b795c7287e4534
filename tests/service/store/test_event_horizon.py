"""Up to the horizon nothing appears any more that was not there."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from sqlalchemy import func, select

from service.lifecycle.story import tell
from service.store.database import Database
from service.store.event_horizon import Horizon
from service.store.event_queries import events_between, newest_event
from service.store.schema import Event
from tests.service.api import building


def looked(database: Database, horizon: Horizon) -> int | None:
    with database.read() as session:
        return horizon.look(session)


def newest(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.max(Event.id))) or 0


@pytest.fixture
def sweeps(database: Database) -> list[int]:
    """Of one owner, whose stories have not begun."""
    with database.write() as session:
        owner = building.owner(session, "me")
        return [building.sweep(session, owner).id for _ in range(3)]


@pytest.fixture
def many_writers(database: Database) -> Database:
    """A database that does not make one writer wait for another."""
    if database.is_sqlite:
        pytest.skip("has one writer at a time")
    return database


def test_with_nobody_writing_it_is_at_the_newest_event(database: Database, sweeps: list[int]) -> None:
    horizon = Horizon()
    assert looked(database, horizon) == newest(database) == 0
    for sweep in sweeps:
        with database.write() as session:
            tell(session, sweep, "created")
        assert looked(database, horizon) == newest(database) > 0
    with database.read() as session:
        assert newest_event(session) == newest(database)


def test_it_waits_for_whoever_was_given_an_earlier_key(many_writers: Database, sweeps: list[int]) -> None:
    horizon = Horizon()
    with many_writers.write() as session:
        tell(session, sweeps[0], "created")
    before = newest(many_writers)
    with many_writers.write() as late:
        tell(late, sweeps[1], "created")
        with many_writers.write() as session:
            tell(session, sweeps[2], "created")
        assert newest(many_writers) == before + 2
        assert looked(many_writers, Horizon()) is None  # whether there was somebody before isn't known
        for _ in range(3):
            assert looked(many_writers, horizon) is None
    assert looked(many_writers, horizon) == before + 2
    with many_writers.read() as session:
        owner = building.owner(session, "me")
        found = events_between(session, [owner], before, before + 2, limit=10)
    assert [event.key for event in found] == [before + 1, before + 2]


def test_writers_who_come_later_hold_nothing_up(many_writers: Database, sweeps: list[int]) -> None:
    """There may never be a moment in which nobody writes: each look waits for those of the look before."""
    horizon = Horizon()
    assert looked(many_writers, horizon) == 0
    with ExitStack() as last:
        for number in range(1, 6):
            with ExitStack() as next_one:
                tell(next_one.enter_context(many_writers.write()), sweeps[number % 3], "progress")
                last.close()
                assert looked(many_writers, horizon) == number - 1
                last = next_one.pop_all()  # noqa: PLW2901 - the writer goes on into the next round
        last.close()


def test_who_gives_up_leaves_a_gap_that_nobody_waits_for(many_writers: Database, sweeps: list[int]) -> None:
    horizon = Horizon()

    def give_up() -> None:
        with many_writers.write() as session:
            tell(session, sweeps[0], "created")
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        give_up()
    with many_writers.write() as session:
        tell(session, sweeps[1], "created")
    assert looked(many_writers, horizon) == newest(many_writers) == 2


def test_who_only_reads_holds_nothing_up(many_writers: Database, sweeps: list[int]) -> None:
    horizon = Horizon()
    with many_writers.read() as reading:
        reading.scalar(select(func.count(Event.id)))
        with many_writers.write() as session:
            tell(session, sweeps[1], "created")
        assert looked(many_writers, horizon) == newest(many_writers) == 1
