from __future__ import annotations

import pytest

from service.errors import NotFound
from service.store.database import Database
from service.store.sweep_queries import find_sweep, list_sweeps
from tests.service.api import building


def test_a_sweep_is_found_by_its_owner_alone(database: Database) -> None:
    with database.write() as session:
        mine, theirs = building.owner(session, "me"), building.owner(session, "them")
        name = building.sweep(session, mine).public_id
    with database.read() as session:
        view = find_sweep(session, mine, name)
        assert (view.sweep.public_id, view.dataset) == (name, None)
        with pytest.raises(NotFound, match=name):
            find_sweep(session, theirs, name)


def test_the_moment_of_reading_is_the_databases(database: Database) -> None:
    with database.write() as session:
        name = building.sweep(session, mine := building.owner(session, "me")).public_id
    with database.read() as session:
        view = find_sweep(session, mine, name)
    assert 0 <= view.read_at - view.sweep.created_at < 60_000


def test_pages_of_sweeps_made_at_one_moment_overlap_nowhere(database: Database) -> None:
    with database.write() as session:
        mine = building.owner(session, "me")
        names = [building.sweep(session, mine, created_at=5).public_id for _ in range(5)]
        building.sweep(session, building.owner(session, "them"), created_at=5)
    seen: list[str] = []
    after = None
    with database.read() as session:
        while page := list_sweeps(session, mine, limit=2, after=after):
            seen += [view.sweep.public_id for view in page]
            after = (page[-1].sweep.created_at, page[-1].sweep.public_id)
    assert seen == names[::-1]


def test_a_key_as_large_as_a_cursor_may_hold_is_understood(database: Database) -> None:
    with database.write() as session:
        mine = building.owner(session, "me")
        building.sweep(session, mine)
    with database.read() as session:
        assert list_sweeps(session, mine, limit=2, after=(-(2**53) + 1, "")) == []
        assert len(list_sweeps(session, mine, limit=2, after=(2**53 - 1, "~" * 400))) == 1
