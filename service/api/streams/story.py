"""What one client of a sweep's stream is sent, from its place in the story to the story's end."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from sqlalchemy.exc import SQLAlchemyError

from service.api.streams.messages import comment, named, retry
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
    with tail.watch(told, public_id, credential) as watcher:
        yield retry(RETRY_MILLISECONDS) + comment(f"events of {public_id} behind {after}")
        number, final = after, False
        while True:
            if over := _over(tail, watcher):
                yield over
                return
            try:
                messages = await tail.behind(watcher.channel, number)
            except SQLAlchemyError:
                yield comment("the database does not answer; ask again")
                return
            if messages:
                number, final = messages[-1].number, messages[-1].final
                yield b"".join(each.content for each in messages)
            elif final and number >= watcher.channel.number:
                yield named("end", "the sweep is final")
                return
            elif not await watcher.channel.news(HEARTBEAT_SECONDS):
                yield comment("still here")


def _over(tail: Tail, watcher: Watcher) -> bytes | None:
    if tail.closed:
        return comment("the service stops; ask again")
    if watcher.refused:
        return named("end", "the key or session that opened this stream has ended")
    if watcher.channel.gone:
        return named("end", "the sweep was deleted")
    return None
