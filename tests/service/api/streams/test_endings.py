"""Who leaves, who is cut off, and what ends for all."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import delete

from service.api.streams import tail
from service.lifecycle import access
from service.lifecycle.access import Caller
from service.lifecycle.api_keys import create_api_key, revoke_key
from service.lifecycle.owners import local_owner
from service.store.database import Database
from service.store.schema import Event, PopulationRow, Sweep
from tests.service.api.streams.serving import PATIENCE, Served, streaming
from tests.service.api.streams.telling import new_sweep, told, until, within


def test_whoever_leaves_is_let_go_of_and_with_the_last_the_tail_rests(
    sqlite_site: tuple[Served, Database],
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
        assert site.context.tail.sweeps.channels == {}

    within(60, watch)
    asyncio.run(asyncio.sleep(tail.TICK_SECONDS))  # a reading that had begun may still end
    asked = len(site.statements)
    asyncio.run(asyncio.sleep(3 * tail.TICK_SECONDS))
    assert len(site.statements) == asked


def test_a_server_that_stops_ends_its_streams_at_once(sqlite_site: tuple[Served, Database]) -> None:
    site, database = sqlite_site
    sweep, name = new_sweep(database)
    told(database, sweep, "created")
    # Longer than it is waited for: open requests are not cut off, so that the stream has to end by itself.
    site.server.config.timeout_graceful_shutdown = round(10 * PATIENCE)

    async def watch() -> None:
        async with streaming(site.port, name) as stream:
            assert await stream.event()
            await asyncio.get_running_loop().run_in_executor(None, site.stop)
            (last,) = await stream.rest()
            assert "the service stops" in last[""]
            assert stream.ended

    within(2 * PATIENCE, watch)


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

    within(60, watch)


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

    within(60, watch)
