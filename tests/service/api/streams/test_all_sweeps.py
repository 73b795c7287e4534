"""The stream of all sweeps of an owner, over real connections to a real server."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from service.api.streams import stories, story, tail
from service.lifecycle.api_keys import create_api_key, revoke_key
from service.lifecycle.story import tell
from service.store.database import Database
from service.store.event_queries import events_between
from service.store.schema import Event
from tests.service.api import building
from tests.service.api.streams.serving import Served, Stream, streaming
from tests.service.api.streams.telling import new_sweep, told, until, within

CLIENTS = 200


async def begun(stream: Stream) -> int:
    """The place from which on events come."""
    while (fields := await stream.block()) is not None:
        if fields.get("event") == "place":
            return int(fields["id"])
    raise AssertionError("the stream ended")


def test_events_of_all_of_an_owners_sweeps_come_as_they_happen_and_nobody_elses(
    database: Database, site: Served
) -> None:
    (one, first), (two, second), (theirs, _) = (
        new_sweep(database),
        new_sweep(database),
        new_sweep(database, owner="ben"),
    )
    told(database, one, "created")
    told(database, theirs, "created")

    async def watch() -> None:
        async with streaming(site.port) as stream:
            assert stream.status == 200
            assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
            place = await begun(stream)
            for key in (theirs, two, theirs, one):
                told(database, key)
            later, third = new_sweep(database)
            told(database, later, "created")
            told(database, one, ends=1)
            events = [await stream.event() or {} for _ in range(4)]
            assert [(e["sweep"], e["number"], e["kind"]) for e in events] == [
                (second, 1, "progress"),
                (first, 2, "progress"),
                (third, 1, "created"),
                (first, 3, "progress"),
            ]
            assert (events[3]["state"], events[3]["counts"]) == ("completed", {"completed": 1})
            ids = [place, *(e["id"] for e in events)]
            assert ids == sorted(set(ids))
            told(database, two)  # and goes on when a sweep has ended
            assert (await stream.event() or {})["sweep"] == second

    within(60, watch)


def test_a_client_that_comes_back_goes_on_behind_its_last_id_whichever_sweep_that_was_of(
    database: Database, site: Served
) -> None:
    sweeps = [new_sweep(database) for _ in range(3)]
    for step in range(3):
        for key, _name in sweeps:
            told(database, key, ends=step == 2)
    expected = [(name, number) for number in (1, 2, 3) for _key, name in sweeps]
    seen: list[tuple[str, int]] = []

    async def watch() -> None:
        last = ""
        while len(seen) < len(expected):
            async with streaming(site.port, query="?after=0", Last_Event_ID=last) as stream:
                event = await stream.event() or {}
                seen.append((event["sweep"], event["number"]))
                last = str(event["id"])
        assert seen == expected
        async with streaming(site.port, Last_Event_ID=last) as stream:
            told(database, sweeps[0][0])
            assert (await stream.event() or {})["number"] == 4

    within(60, watch)


def test_what_is_committed_late_is_not_passed_over(database: Database, site: Served) -> None:
    if database.is_sqlite:
        pytest.skip("has one writer at a time")
    (slow, first), (fast, second) = new_sweep(database), new_sweep(database)

    async def watch() -> None:
        async with streaming(site.port) as stream:
            place = await begun(stream)
            with database.write() as session:
                tell(session, slow, "created")
                for _ in range(3):
                    told(database, fast)  # is there before, with higher keys
                asked = len(site.statements)
                await until(lambda: len([s for s in site.statements[asked:] if "pg_locks" in s]) >= 3)
            events = [await stream.event() or {} for _ in range(4)]
            assert [e["sweep"] for e in events] == [first, second, second, second]
        for at in (place, events[0]["id"], events[2]["id"]):
            async with streaming(site.port, Last_Event_ID=str(at)) as stream:
                after = [e["id"] for e in events if e["id"] > at]
                assert [(await stream.event() or {})["id"] for _ in after] == after

    within(60, watch)


def test_two_hundred_clients_cost_the_database_no_more_than_one(
    sqlite_site: tuple[Served, Database],
) -> None:
    site, database = sqlite_site
    sweeps = [new_sweep(database, runs=3) for _ in range(4)]

    async def watch() -> None:
        async with AsyncExitStack() as stack:
            streams = [await stack.enter_async_context(streaming(site.port)) for _ in range(CLIENTS)]
            for stream in streams:
                await begun(stream)
            site.statements.clear()
            for step in range(3):
                for key, _name in sweeps:
                    told(database, key)
                for stream in streams:
                    events = [await stream.event() or {} for _ in sweeps]
                    assert [e["sweep"] for e in events] == [name for _key, name in sweeps]
                    assert {e["number"] for e in events} == {step + 1}
        asked = [statement for statement in site.statements if "FROM events" in statement]
        assert 3 <= len(asked) < CLIENTS  # who asks for each would have asked 3 * CLIENTS times
        assert len(site.statements) < CLIENTS

    within(60, watch)


def test_who_is_far_behind_reads_what_memory_has_forgotten_in_pieces(
    sqlite_site: tuple[Served, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stories, "CHUNK", 7)
    monkeypatch.setattr(stories, "MOST_KEYS", 11)
    site, database = sqlite_site
    (mine, _), (theirs, _) = new_sweep(database), new_sweep(database, owner="ben")
    for key in (mine, theirs):
        for _ in range(30):
            told(database, key)
    told(database, mine)

    async def watch() -> None:
        async with streaming(site.port, query="?after=0") as stream:
            assert [(await stream.event() or {})["number"] for _ in range(31)] == list(range(1, 32))
            told(database, mine)
            assert (await stream.event() or {})["number"] == 32

    within(60, watch)


def test_an_id_that_was_never_given_out_is_refused(database: Database, site: Served) -> None:
    sweep, _name = new_sweep(database)
    told(database, sweep)
    with database.read() as session:
        newest = session.scalar(select(func.max(Event.id))) or 0

    async def watch() -> None:
        async with streaming(site.port, query=f"?after={newest}") as stream:
            assert stream.status == 200
        async with streaming(site.port, query=f"?after={newest + 1}") as stream:
            assert stream.status == 422
        for bad in ("-1", "x", str(newest + 1)):
            async with streaming(site.port, Last_Event_ID=bad) as stream:
                assert stream.status == 422

    within(60, watch)


def test_while_others_work_a_clients_place_moves_on(
    sqlite_site: tuple[Served, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "HEARTBEAT_SECONDS", 0.05)
    site, database = sqlite_site
    theirs, _name = new_sweep(database, owner="ben")

    async def watch() -> None:
        async with streaming(site.port) as stream:
            place = await begun(stream)
            assert await stream.block() == {"": "still here"}
            told(database, theirs)
            while "id" not in (fields := await stream.block() or {}):
                assert fields == {"": "still here"}
            assert int(fields["id"]) > place
            assert "data" not in fields
            assert await stream.block() == {"": "still here"}

    within(60, watch)


def test_whoever_may_look_no_more_is_told_so_and_the_tail_rests_with_the_last(
    sqlite_site: tuple[Served, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "REVIEW_SECONDS", 0.1)
    site, database = sqlite_site
    with database.write() as session:
        ben = building.owner(session, "ben")
        key = create_api_key(session, ben, name="theirs")

    async def watch() -> None:
        async with streaming(site.port, token=key.text) as stream:
            await begun(stream)
            with database.write() as session:
                revoke_key(session, key.prefix)
            *_, end = await stream.rest()
            assert end["event"] == "end"
            assert "has ended" in end["data"]
        await until(lambda: site.context.tail.watchers == 0)
        assert site.context.tail.owners.channels == {}
        assert site.context.tail._task is None

    within(60, watch)


def test_a_database_that_does_not_answer_ends_no_stream_that_is_up_to_date(
    sqlite_site: tuple[Served, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "PAUSE_AFTER_FAILURE", 0.05)
    site, database = sqlite_site
    sweep, _name = new_sweep(database)
    failures = [3]

    def between(*given: object, **more: object) -> object:
        failures[0] -= 1
        if failures[0] >= 0:
            raise OperationalError("select", {}, Exception("gone"))
        return events_between(*given, **more)  # type: ignore[arg-type]

    async def watch() -> None:
        async with streaming(site.port) as stream:
            await begun(stream)
            monkeypatch.setattr(stories, "events_between", between)
            told(database, sweep)
            assert (await stream.event() or {})["number"] == 1
            assert failures[0] < 0

    within(60, watch)
