from __future__ import annotations

import pytest

from service.errors import NotFound
from service.lifecycle.story import tell
from service.store.database import Database
from service.store.event_queries import events_behind, find_told, sweeps_there
from tests.service.api import building


def test_a_sweep_is_told_to_its_owner_alone(database: Database) -> None:
    with database.write() as session:
        mine, theirs = building.owner(session, "me"), building.owner(session, "them")
        sweep = building.sweep(session, mine)
        tell(session, sweep.id, "created")
        tell(session, sweep.id, "paused")
    with database.read() as session:
        told = find_told(session, mine, sweep.public_id)
        assert (told.key, told.number) == (sweep.id, 2)
        with pytest.raises(NotFound, match=sweep.public_id):
            find_told(session, theirs, sweep.public_id)


def test_one_query_reads_several_sweeps_each_behind_its_own_number(database: Database) -> None:
    with database.write() as session:
        mine = building.owner(session, "me")
        one, two, unwatched = (building.sweep(session, mine).id for _ in range(3))
        for number in range(3):
            for sweep in (one, two, unwatched):
                tell(session, sweep, "progress", {"epoch": number})
    with database.read() as session:
        found = events_behind(session, {one: 1, two: 2}, limit=10)
        assert [(e.sweep, e.number, e.kind, e.document["epoch"]) for e in found] == [
            (one, 2, "progress", 1),
            (one, 3, "progress", 2),
            (two, 3, "progress", 2),
        ]
        assert [e.number for e in events_behind(session, {one: 0}, limit=2)] == [1, 2]
        assert events_behind(session, {one: 3}, limit=2) == []
        assert events_behind(session, {}, limit=2) == ()


def test_a_sweep_that_was_deleted_is_there_no_more(database: Database) -> None:
    with database.write() as session:
        sweep = building.sweep(session, building.owner(session, "me"))
    with database.read() as session:
        assert sweeps_there(session, [sweep.id, sweep.id + 1]) == {sweep.id}
