"""Requests over a number of connections at once, timed one by one; the standard library alone.

The caller's own cost has to stay small beside the server's: a request is bytes that are ready, an answer is
read by its Content-Length and not looked into.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

CHUNKED_END = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a load made: seconds of each request in ascending order, wrong answers, and how long it took."""

    seconds: Sequence[float]
    failures: Sequence[str]
    wall_seconds: float
    cpu_seconds: float  # of the client itself

    @property
    def per_second(self) -> float:
        """Requests that were answered well, per second."""
        return (len(self.seconds) - len(self.failures)) / self.wall_seconds

    def percentile(self, share: float) -> float:
        """The seconds within which this share of the requests was answered (nearest rank)."""
        return self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))]


def request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """The bytes of a request that keeps its connection; the Host is set when it is sent."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\nHost: %HOST%\r\n\r\n" + body


def load(
    url: str,
    make: Callable[[int], bytes],
    *,
    connections: int,
    requests: int | None = None,
    duration: float | None = None,
    expected: int = 200,
) -> Outcome:
    """Send `requests` of them, or for `duration` seconds; `make` gives the bytes of each by its number."""
    return asyncio.run(_load(url, make, connections, requests, duration, expected))


async def _load(
    url: str,
    make: Callable[[int], bytes],
    connections: int,
    requests: int | None,
    duration: float | None,
    expected: int,
) -> Outcome:
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    taken = 0
    times: list[float] = []
    failures: list[str] = []
    begun, used = time.perf_counter(), time.process_time()

    def may_go_on() -> bool:
        if requests is not None and taken >= requests:
            return False
        return duration is None or time.perf_counter() - begun < duration

    async def drive() -> None:
        nonlocal taken
        reader, writer = await asyncio.open_connection(host, port)
        try:
            while may_go_on():
                number, taken = taken, taken + 1
                content = make(number).replace(b"%HOST%", f"{host}:{port}".encode(), 1)
                start = time.perf_counter()
                writer.write(content)
                status, body = await _answer(reader)
                times.append(time.perf_counter() - start)
                if status != expected:
                    failures.append(f"{status}: {body[:200]!r}")
        finally:
            writer.close()

    await asyncio.gather(*(drive() for _ in range(connections)))
    return Outcome(sorted(times), failures, time.perf_counter() - begun, time.process_time() - used)


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head.split(b" ", 2)[1])
    lowered = head.lower()
    place = lowered.find(b"\r\ncontent-length:")
    if place >= 0:
        length = int(lowered[place + 17 : lowered.index(b"\r\n", place + 2)])
        return status, await reader.readexactly(length)
    if b"transfer-encoding: chunked" in lowered:
        return status, await _chunks(reader)
    return status, b""


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    pieces = []
    while True:
        length = int((await reader.readline()).split(b";")[0], 16)
        piece = await reader.readexactly(length + 2)
        if not length:
            return b"".join(pieces)
        pieces.append(piece[:-2])
