"""Streams over real connections to a real server; the story is told by the lifecycle's own function."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from service.api.streams import channel, story, tail
from service.api.streams.messages import Message
from service.lifecycle import access
from service.lifecycle.access import Caller
from service.lifecycle.api_keys import create_api_key, revoke_key
from service.lifecycle.owners import local_owner
from service.lifecycle.story import tell
from service.planning.statuses import RunState
from service.store.database import Database
from service.store.event_queries import events_behind
from service.store.schema import Event, PopulationRow, Sweep
from tests.service.api import building
from tests.service.api.streams.serving import Served, served, settings_over, streaming

CLIENTS = 200


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database of each kind."""
    database = Database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def site(database_url: str, tmp_path: Path) -> Iterator[Served]:
    """The application over that database."""
    with served(settings_over(database_url, str(tmp_path))) as site:
        yield site


@pytest.fixture
def sqlite_site(sqlite_url: str, tmp_path: Path) -> Iterator[tuple[Served, Database]]:
    """The application over a file."""
    database = Database(sqlite_url)
    with served(settings_over(sqlite_url, str(tmp_path))) as site:
        yield site, database
    database.dispose()


def new_sweep(database: Database, runs: int = 1) -> tuple[int, str]:
    """A queued sweep of so many runs whose story has not begun."""
    with database.write() as session:
        row = building.sweep(session, local_owner(session), all_count=runs, queued_count=runs, epochs_total=9)
        return row.id, row.public_id


def told(database: Database, sweep: int, kind: str = "progress", *, ends: int = 0) -> None:
    """One more event, with so many runs that complete in it."""
    moved = {(RunState.QUEUED, RunState.COMPLETED): ends} if ends else {}
    with database.write() as session:
        tell(session, sweep, kind, {"epoch": 1}, moved=moved, epochs=1)


async def until(condition: Callable[[], bool]) -> None:
    """Return once the condition holds; the test's own time is the limit."""
    while not condition():
        await asyncio.sleep(0.01)


def within(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Run a test's coroutine, which fails when it hangs."""

    async def bounded() -> None:
        async with asyncio.timeout(seconds):
            await work()

    asyncio.run(bounded())


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
            told(database, sweep, ends=1)
            last = await stream.event()
            assert last is not None
            assert (last["number"], last["state"], last["epochs_done"]) == (3, "completed", 3)
            *_, end = await stream.rest()
            assert end["event"] == "end"
        async with streaming(site.port, name, Last_Event_ID="3") as stream:
            assert stream.status == 204  # with which a browser stops asking

    within(20, watch)


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

    within(20, watch)


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
        assert 3 <= len(asked) < 40
        assert len(site.statements) < 60

    within(60, watch)


def test_whoever_leaves_is_let_go_of_and_with_the_last_the_tail_rests(
    sqlite_site: tuple[Served, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, database = sqlite_site
    _sweep, name = new_sweep(database)

    async def watch() -> None:
        async with AsyncExitStack() as stack:
            for _ in range(5):
                await stack.enter_async_context(streaming(site.port, name))
            await until(lambda: site.context.tail.watchers == 5)
        await until(lambda: site.context.tail.watchers == 0)
        assert site.context.tail._task is None
        assert site.context.tail._channels == {}

    within(20, watch)
    asked = len(site.statements)
    asyncio.run(asyncio.sleep(3 * tail.TICK_SECONDS))
    assert len(site.statements) == asked


def test_a_server_that_stops_ends_its_streams_at_once(sqlite_site: tuple[Served, Database]) -> None:
    site, database = sqlite_site
    sweep, name = new_sweep(database)
    told(database, sweep, "created")

    async def watch() -> None:
        async with streaming(site.port, name) as stream:
            assert await stream.event()
            seconds = await asyncio.get_running_loop().run_in_executor(None, site.stop)
            (last,) = await stream.rest()
            assert "the service stops" in last[""]
            assert stream.ended
            assert seconds < 1.5  # the grace for open requests, after which they are cut off, is two

    within(20, watch)


@pytest.mark.parametrize("by", ["key", "session"])
def test_who_may_look_no_more_is_cut_off_in_the_middle(
    by: str, sqlite_site: tuple[Served, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "REVIEW_SECONDS", 0.1)
    site, database = sqlite_site
    _sweep, name = new_sweep(database)
    with database.write() as session:
        mine = local_owner(session)
        key = create_api_key(session, mine, name="theirs")
        cookie = access.open_session(session, Caller(mine))
    shown = f"{site.context.cookie_name}={cookie}" if by == "session" else ""

    async def watch() -> None:
        given = {"Authorization": f"Bearer {key.text}" if by == "key" else "", "Cookie": shown}
        async with streaming(site.port, name, **given) as stream, streaming(site.port, name) as other:
            assert await stream.block()
            with database.write() as session:
                if by == "key":
                    revoke_key(session, key.prefix)
                else:
                    access.close_every_session(session, mine)
            *_, end = await stream.rest()
            assert end["event"] == "end"
            assert "has ended" in end["data"]
            await until(lambda: site.context.tail.watchers == 1)
            assert not other.ended

    within(20, watch)


def test_a_sweep_that_is_deleted_ends_its_streams(
    sqlite_site: tuple[Served, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "REVIEW_SECONDS", 0.1)
    site, database = sqlite_site
    sweep, name = new_sweep(database)

    async def watch() -> None:
        async with streaming(site.port, name) as stream:
            assert await stream.block()
            with database.write() as session:
                for table in (Event, PopulationRow):
                    session.execute(delete(table).where(table.sweep_id == sweep))
                session.execute(delete(Sweep).where(Sweep.id == sweep))
            *_, end = await stream.rest()
            assert "deleted" in end["data"]

    within(20, watch)


def test_who_is_far_behind_reads_what_memory_has_forgotten_from_the_database(
    sqlite_site: tuple[Served, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, database = sqlite_site
    monkeypatch.setattr(tail, "CHUNK", 7)
    sweep, name = new_sweep(database)
    for _ in range(20):
        told(database, sweep)
    told(database, sweep, ends=1)

    async def watch() -> None:
        async with streaming(site.port, name) as stream:
            blocks = await stream.rest()
            assert [int(each["id"]) for each in blocks if "id" in each] == list(range(1, 22))
            assert blocks[-1]["event"] == "end"

    within(20, watch)


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

    within(20, watch)


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

    within(20, watch)


def test_the_tail_outlives_a_database_that_does_not_answer(
    sqlite_site: tuple[Served, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "PAUSE_AFTER_FAILURE", 0.05)
    site, database = sqlite_site
    sweep, name = new_sweep(database)
    monkeypatch.setattr(tail, "events_behind", _failing_first(events_behind, times=3))

    async def watch() -> None:
        async with streaming(site.port, name) as stream:
            assert await stream.block()
            told(database, sweep)
            event = await stream.event()
            assert event is not None
            assert event["number"] == 1

    within(20, watch)


def _failing_first(real: Callable[..., object], *, times: int) -> Callable[..., object]:
    left = [times]

    def read(*given: object, **more: object) -> object:
        left[0] -= 1
        if left[0] >= 0:
            raise RuntimeError("it does not answer")
        return real(*given, **more)

    return read


def test_memory_keeps_a_bounded_part_of_a_story() -> None:
    kept = channel.Channel(1, "s_1", 0)
    for number in range(1, channel.MOST_KEPT + 2):
        kept.publish([Message(number, final=False, content=b"")])
    assert kept.behind(0) is None
    assert [each.number for each in kept.behind(1) or ()] == list(range(2, channel.MOST_KEPT + 2))
    assert kept.behind(channel.MOST_KEPT + 1) == ()


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

    within(20, watch)
