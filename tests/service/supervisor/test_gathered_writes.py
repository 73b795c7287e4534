"""What is written in one turn of the event loop is sent by one call, in its order, and none is lost."""

from __future__ import annotations

import asyncio
from typing import cast

from service.supervisor.gathered_writes import MOST_BYTES, Gathering


class _Transport:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def close(self) -> None:
        self.told.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.told


async def _gathering(transport: _Transport) -> Gathering:
    return Gathering(cast("asyncio.Transport", transport), asyncio.get_running_loop())


def test_head_and_body_are_sent_together_and_the_next_turn_by_itself() -> None:
    async def answer() -> list[bytes | str]:
        gathering = await _gathering(transport := _Transport())
        gathering.write(b"head")
        gathering.write(b"body")
        assert transport.told == []
        await asyncio.sleep(0)
        gathering.write(b"more")
        await asyncio.sleep(0)
        return transport.told

    assert asyncio.run(answer()) == [b"headbody", b"more"]


def test_what_waits_is_sent_before_the_connection_ends() -> None:
    async def end() -> list[bytes | str]:
        gathering = await _gathering(transport := _Transport())
        gathering.write(b"last")
        gathering.close()
        assert gathering.is_closing()
        await asyncio.sleep(0)
        return transport.told

    assert asyncio.run(end()) == [b"last", "closed"]


def test_much_does_not_wait() -> None:
    async def pour() -> list[bytes | str]:
        gathering = await _gathering(transport := _Transport())
        gathering.write(b"x" * MOST_BYTES)
        gathering.write(b"y")
        return list(transport.told)

    assert asyncio.run(pour()) == [b"x" * MOST_BYTES + b"y"]
