"""What one client of a stream is sent: a sweep's story to its end, or that of all sweeps of an owner."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from sqlalchemy.exc import SQLAlchemyError

from service.api.streams.messages import comment, moved, named, retry
from service.api.streams.standing import Credential
from service.api.streams.tail import Tail, Watcher
from service.store.event_queries import Told

HEARTBEAT_SECONDS = 15.0
RETRY_MILLISECONDS = 2000


async def story(
    tail: Tail, told: Told, public_id: str, credential: Credential, after: int
) -> AsyncGenerator[bytes, None]:
    """The events behind number `after`, and those that come, until one of them is final and the last.

    The stream then says `end`. It also ends, without one, when the service stops (a client may ask again
    with the last id that it has), and with one when the sweep is deleted or the client's key has ended.
    """
    with tail.watch(tail.sweeps, told.key, public_id, told.number, credential) as watcher:
        yield retry(RETRY_MILLISECONDS) + comment(f"events of {public_id} behind {after}")
        place, final = after, False
        while True:
            if over := _over(tail, watcher):
                yield over
                return
            try:
                messages, place = await tail.behind(watcher, place)
            except SQLAlchemyError:
                yield comment("the database does not answer; ask again")
                return
            if messages:
                final = messages[-1].final
                yield b"".join(each.content for each in messages)
            elif final and place >= (watcher.channel.place or 0):
                yield named("end", {"reason": "the sweep is final"})
                return
            elif not await watcher.channel.news(HEARTBEAT_SECONDS):
                yield comment("still here")


async def owners_story(
    tail: Tail, owner: int, credential: Credential, after: int | None
) -> AsyncGenerator[bytes, None]:
    """The events of all sweeps of an owner behind place `after`, or from now on, as long as somebody listens.

    From now on, the first message is of the type `place`: what was asked of the service after it came knows
    at least what happened up to its id. An end is said only to a client whose key has ended.
    """
    with tail.watch(tail.owners, owner, "all sweeps", None, credential) as watcher:
        yield retry(RETRY_MILLISECONDS) + comment("events of all sweeps")
        place = said = after
        while (over := _over(tail, watcher)) is None:
            known = watcher.channel.place
            if known is None:  # the first look at what is there is not over
                if not await watcher.channel.news(HEARTBEAT_SECONDS):
                    yield comment("still here")
                continue
            if place is None:
                place = said = known
                yield named("place", {"reason": "events come from here on"}, place)
            before = place
            try:
                messages, place = await tail.behind(watcher, before)
            except SQLAlchemyError:
                yield comment("the database does not answer; ask again")
                return
            if messages:
                said = messages[-1].place
                yield b"".join(each.content for each in messages)
            elif place == before and not await watcher.channel.news(HEARTBEAT_SECONDS):
                yield comment("still here") if place == said else moved(place)
                said = place
        yield over


def _over(tail: Tail, watcher: Watcher) -> bytes | None:
    if tail.closed:
        return comment("the service stops; ask again")
    if watcher.refused:
        return named("end", {"reason": "the key or session that opened this stream has ended"})
    if watcher.channel.gone:
        return named("end", {"reason": "the sweep was deleted"})
    return None
