"""The application on a free port of this machine, and clients of its streams that speak HTTP over sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from service.app import create_app
from service.settings import Settings
from service.supervisor.web import Server, configuration

TOKEN = "a-token-of-the-tests-0123456789"
PATIENCE = 60.0  # seconds


@dataclass(slots=True)
class Served:
    """A served application."""

    port: int
    server: Server
    thread: threading.Thread
    context: Any  # the application's
    statements: list[str] = field(default_factory=list)  # that its database was asked since they were counted

    def stop(self) -> None:
        """Stop as SIGTERM does, within `PATIENCE`."""
        self.server.should_exit = True
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "the server did not stop"


@contextmanager
def served(settings: Settings) -> Iterator[Served]:
    """The application over the settings' database, inside the block."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        hosts = (f"127.0.0.1:{port}",)
        told = Settings.from_environment(
            {**settings.environment(), "BACKSWEEP_ALLOWED_HOSTS": ",".join(hosts)}
        )
        application = create_app(told, ring=lambda _: None)
        server = Server(configuration(application, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the application did not start"
            time.sleep(0.005)
        found = Served(port, server, thread, application.state.context)

        def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            found.statements.append(statement)

        event.listen(found.context.database.engine, "before_cursor_execute", count)
        try:
            yield found
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


@dataclass(slots=True)
class Stream:
    """One open stream: its status, its headers, and its blocks as they come."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    status: int
    headers: dict[str, str]
    buffer: bytes = b""
    ended: bool = False

    async def block(self) -> dict[str, str] | None:
        """The next block's fields; None at the end. A comment has the name ''."""
        while b"\n\n" not in self.buffer:
            if self.ended or not await self._more():
                return None
        text, _, self.buffer = self.buffer.partition(b"\n\n")
        fields = {}
        for line in text.decode().split("\n"):
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        return fields

    async def event(self) -> dict[str, Any] | None:
        """The next event's data with its `id`, skipping all else; None at the end."""
        while (fields := await self.block()) is not None:
            if "data" in fields and "event" not in fields:
                data: dict[str, Any] = json.loads(fields["data"])
                return data | {"id": int(fields["id"])}
        return None

    async def rest(self) -> list[dict[str, str]]:
        """All blocks until the end."""
        blocks = []
        while (fields := await self.block()) is not None:
            blocks.append(fields)
        return blocks

    async def _more(self) -> bool:
        try:
            size = int(await self.reader.readuntil(b"\r\n"), 16)
            chunk = await self.reader.readexactly(size + 2)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.ended = True
            return False
        self.buffer += chunk[:-2]
        self.ended = size == 0
        return not self.ended


@asynccontextmanager
async def streaming(
    port: int, sweep: str | None = None, *, query: str = "", token: str = TOKEN, **headers: str
) -> AsyncIterator[Stream]:
    """A client of a sweep's stream, or of all, which leaves without a word at the end of the block."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    given = {"Host": f"127.0.0.1:{port}", "Authorization": f"Bearer {token}", **headers}
    path = "events" if sweep is None else f"sweeps/{sweep}/events"
    lines = [f"GET /api/v1/{path}{query} HTTP/1.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in given.items() if value]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        yield Stream(reader, writer, int(head[0].split()[1]), fields)
    finally:
        writer.close()


def settings_over(database_url: str, home: str) -> Settings:
    """As from the environment."""
    return Settings.from_environment(
        {"BACKSWEEP_HOME": home, "BACKSWEEP_DATABASE_URL": database_url, "BACKSWEEP_TOKEN": TOKEN}
    )
