"""The API's process: uvicorn on a socket that the supervisor bound and keeps.

The address is taken before anything else is started, and connections made while this process is replaced
wait in the socket's queue instead of being refused.
"""

from __future__ import annotations

import gc
import os
import socket
import sys
from collections.abc import Sequence
from typing import Any

import uvicorn

from service import logs
from service.settings import Settings
from service.supervisor.gathered_writes import GatheredWrites

APPLICATION = "service.app:create_app"  # a name, because the application stands above the supervisor
OBJECTS_BETWEEN_COLLECTIONS = 20_000  # made and not let go: a few MB
GRACE_SECONDS = 2  # for open requests at a stop


class Server(uvicorn.Server):
    """Ends the application's event streams as soon as it stops: they would go on for ever by themselves.

    The application says how in its lifespan's state, under `end_streams`.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start serving. What is loaded by then stays: to look for garbage in it took 0.15 s each time.

        To look every 700 objects took 0.1 ms of a small submission, which leaves no garbage of that kind.
        """
        await super().startup(sockets)
        gc.collect()
        gc.freeze()
        gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving."""
        self.lifespan.state.get("end_streams", _nothing)()
        await super().shutdown(sockets)


def configuration(application: object, **more: Any) -> uvicorn.Config:
    """What the API is served with, alone and under the supervisor."""
    return uvicorn.Config(
        application,  # type: ignore[arg-type]  # an application, a factory or the name of one
        access_log=False,  # the application has one of its own
        log_config=None,  # service/logs.py has said how
        server_header=False,
        http=GatheredWrites,
        proxy_headers=False,  # the Host and Origin that a request carries are what the allowlist judges
        timeout_graceful_shutdown=GRACE_SECONDS,
        **more,
    )


def main(arguments: Sequence[str]) -> None:
    """Serve on the socket with descriptor `arguments[0]`, the application `arguments[1]` if given."""
    descriptor, application, *_ = (*arguments, APPLICATION)
    logs.configure(Settings.from_environment(os.environ).log_format, gathered=True)
    server = Server(configuration(application, factory=True))
    server.run(sockets=[socket.socket(fileno=int(descriptor))])


def _nothing() -> None:
    return None


if __name__ == "__main__":
    main(sys.argv[1:])
