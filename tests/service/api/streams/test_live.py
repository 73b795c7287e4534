"""Streams over real connections to a real server."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from service.api.streams import channel, stories, story, tail
from service.api.streams.messages import Message
from service.store.database import Database
from service.store.event_queries import events_behind
from service.store.schema import Sweep
from tests.service.api import building
from tests.service.api.streams.serving import Served, streaming
from tests.service.api.streams.telling import new_sweep, told, until, within

CLIENTS = 200


def test_events_come_in_their_order_as_they_happen_and_the_stream_ends_with_the_sweep(
    database: Database, site: Served
) -> None:
    sweep, name = new_sweep(database)
    told(database, sweep, "created")

    async def watch() -> None:
        async with streaming(site.port, name) as stream:
            assert stream.status == 200
            assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert stream.headers["cache-control"] == "no-store"
            assert stream.headers["x-accel-buffering"] == "no"
            assert "content-length" not in stream.headers
            assert (await stream.block() or {})["retry"] == "2000"
            first = await stream.event()
            assert first is not None
            assert (first["sweep"], first["kind"], first["state"]) == (name, "created", "queued")
            told(database, sweep)
            second = await stream.event()
            assert second is not None
            assert (second["number"], second["epoch"], second["counts"]) == (2, 1, {"queued": 1})
            assert second["id"] == second["number"]
            told(database, sweep, ends=1)
            last = await stream.event()
            assert last is not None
            assert (last["number"], last["state"], last["epochs_done"]) == (3, "completed", 3)
            *_, end = await stream.rest()
            assert end["event"] == "end"
        async with streaming(site.port, name, Last_Event_ID="3") as stream:
            assert stream.status == 204  # with which a browser stops asking

    within(60, watch)


def test_a_client_that_comes_back_misses_nothing_and_gets_nothing_twice(
    database: Database, site: Served
) -> None:
    sweep, name = new_sweep(database)
    seen: list[int] = []

    async def watch() -> None:
        for number in range(1, 4):
            told(database, sweep)
            last = str(seen[-1]) if seen else ""
            async with streaming(site.port, name, query="?after=0", Last_Event_ID=last) as stream:
                event = await stream.event()
                assert event is not None
                seen.append(event["number"])
            assert seen == list(range(1, number + 1))

    within(60, watch)


def test_two_hundred_clients_cost_the_database_no_more_than_one(
    sqlite_site: tuple[Served, Database],
) -> None:
    site, database = sqlite_site
    sweeps = [new_sweep(database, runs=3) for _ in range(4)]
    for key, _name in sweeps:
        told(database, key, "created")

    async def watch() -> None:
        async with AsyncExitStack() as stack:
            streams = [
                await stack.enter_async_context(streaming(site.port, sweeps[n % 4][1], query="?after=1"))
                for n in range(CLIENTS)
            ]
            assert {stream.status for stream in streams} == {200}
            await until(lambda: site.context.tail.watchers == CLIENTS)
            site.statements.clear()
            for step in range(3):
                for key, _name in sweeps:
                    told(database, key, ends=1)
                numbers = {(await stream.event() or {})["number"] for stream in streams}
                assert numbers == {step + 2}
            ends = [await stream.rest() for stream in streams]
            assert all(blocks[-1]["event"] == "end" for blocks in ends)
        # Every tick asks once; nothing else reads events. A review of the secrets may come in between.
        asked = [statement for statement in site.statements if "FROM events" in statement]
        assert 3 <= len(asked) < CLIENTS  # who asks for each would have asked 3 * CLIENTS times
        assert len(site.statements) < CLIENTS

    within(60, watch)


def test_who_is_far_behind_reads_what_memory_has_forgotten_from_the_database(
    sqlite_site: tuple[Served, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, database = sqlite_site
    monkeypatch.setattr(stories, "CHUNK", 7)
    sweep, name = new_sweep(database)
    for _ in range(20):
        told(database, sweep)
    told(database, sweep, ends=1)

    async def watch() -> None:
        async with streaming(site.port, name) as stream:
            blocks = await stream.rest()
            assert [int(each["id"]) for each in blocks if "id" in each] == list(range(1, 22))
            assert blocks[-1]["event"] == "end"

    within(60, watch)


def test_while_nothing_happens_both_ends_hear_that_the_other_is_there(
    sqlite_site: tuple[Served, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story, "HEARTBEAT_SECONDS", 0.05)
    site, database = sqlite_site
    _sweep, name = new_sweep(database)

    async def watch() -> None:
        async with streaming(site.port, name) as stream:
            assert "retry" in (await stream.block() or {})
            assert "events of" in (await stream.block() or {})[""]
            assert await stream.block() == {"": "still here"}
            assert await stream.block() == {"": "still here"}

    within(60, watch)


def test_a_process_serves_only_so_many_streams(
    sqlite_site: tuple[Served, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "MOST_WATCHERS", 1)
    site, database = sqlite_site
    _sweep, name = new_sweep(database)

    async def watch() -> None:
        async with streaming(site.port, name) as first, streaming(site.port, name) as second:
            assert (first.status, second.status) == (200, 503)
            assert second.headers["retry-after"] == "5"

    within(60, watch)


@pytest.mark.parametrize(
    "failure", [OperationalError("select", {}, Exception("gone")), RuntimeError("odd")], ids=["gone", "odd"]
)
def test_the_tail_outlives_a_database_that_does_not_answer(
    failure: Exception, sqlite_site: tuple[Served, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "PAUSE_AFTER_FAILURE", 0.05)
    site, database = sqlite_site
    sweep, name = new_sweep(database)
    monkeypatch.setattr(stories, "events_behind", _failing_first(events_behind, failure, times=3))

    async def watch() -> None:
        async with streaming(site.port, name) as stream:
            assert await stream.block()
            told(database, sweep)
            event = await stream.event()
            assert event is not None
            assert event["number"] == 1

    within(60, watch)


def _failing_first(real: Callable[..., object], failure: Exception, *, times: int) -> Callable[..., object]:
    left = [times]

    def read(*given: object, **more: object) -> object:
        left[0] -= 1
        if left[0] >= 0:
            raise failure
        return real(*given, **more)

    return read


def test_memory_keeps_a_bounded_part_of_a_story() -> None:
    kept = channel.Channel(1, "s_1", 0)
    for number in range(1, channel.MOST_KEPT + 2):
        kept.publish([Message(number, final=False, content=b"")], number)
    assert kept.behind(0) is None
    assert [each.place for each in kept.behind(1) or ()] == list(range(2, channel.MOST_KEPT + 2))
    assert kept.behind(channel.MOST_KEPT + 1) == ()


def test_a_client_that_catches_up_is_asked_to_come_again_where_the_database_does_not_answer(
    sqlite_site: tuple[Served, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, database = sqlite_site
    sweep, name = new_sweep(database)
    told(database, sweep)
    gone = OperationalError("select", {}, Exception("gone"))
    monkeypatch.setattr(stories, "events_behind", _failing_first(events_behind, gone, times=1000))

    async def watch() -> None:
        async with streaming(site.port, name) as stream:
            *_, last = await stream.rest()
            assert "does not answer; ask again" in last[""]
            assert stream.ended

    within(60, watch)


def test_the_query_of_a_sweep_that_was_never_there_is_answered_as_elsewhere(
    sqlite_site: tuple[Served, Database],
) -> None:
    site, database = sqlite_site
    sweep, name = new_sweep(database)
    told(database, sweep)
    with database.write() as session:
        session.execute(update(Sweep).where(Sweep.id == sweep).values(owner_id=building.owner(session, "x")))

    async def watch() -> None:
        async with streaming(site.port, name) as stream:
            assert stream.status == 404
        async with streaming(site.port, building.new_id("s")) as stream:
            assert stream.status == 404

    within(60, watch)
