"""An answer's head and body leave by one write: uvicorn would send them by two, each a call of the system."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_BYTES = 65_536  # that wait; beyond them the transport has to know how much there is
MOST_HEAD = 65_536  # bytes of a request's line and headers: the parser itself takes any number


class GatheredWrites(HttpToolsProtocol):
    """HTTP/1.1 by llhttp, over a transport that sends what was written in one turn of the loop together."""

    _head: int | None = 0  # bytes that came of a head that is not complete; None: a body is coming

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Begin a connection."""
        super().connection_made(cast("asyncio.Transport", Gathering(transport, self.loop)))

    def data_received(self, data: bytes) -> None:
        """Take what came, unless it is more head than anybody needs."""
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > MOST_HEAD and not self.transport.is_closing():
            self.send_400_response("The request line and the headers are too long.")

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        self._head = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Have the next head counted."""
        self._head = 0
        super().on_message_complete()


class Gathering:
    """A transport whose writes wait for the end of the loop's turn; in all else it is its own one."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._pieces: list[bytes] = []
        self._bytes = 0

    def write(self, data: bytes) -> None:
        """Send this soon."""
        if not self._pieces:
            self._loop.call_soon(self.flush)
        self._pieces.append(data)
        self._bytes += len(data)
        if self._bytes > MOST_BYTES:
            self.flush()

    def flush(self) -> None:
        """Send what waits."""
        if self._pieces:
            pieces, self._pieces, self._bytes = self._pieces, [], 0
            self._transport.write(b"".join(pieces))

    def close(self) -> None:
        """Send what waits, and end the connection."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
