"""The API's process: uvicorn on a socket that the supervisor bound and keeps.

The address is taken before anything else is started, and connections made while this process is replaced
wait in the socket's queue instead of being refused.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence

import uvicorn

APPLICATION = "service.app:create_app"  # a name, because the application stands above the supervisor
GRACE_SECONDS = 2  # for open requests at a stop; event streams never end by themselves


def main(arguments: Sequence[str]) -> None:
    """Serve on the socket with descriptor `arguments[0]`, the application `arguments[1]` if given."""
    descriptor, application, *_ = (*arguments, APPLICATION)
    configuration = uvicorn.Config(
        application,
        factory=True,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # the Host and Origin that a request carries are what the allowlist judges
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    uvicorn.Server(configuration).run(sockets=[socket.socket(fileno=int(descriptor))])


if __name__ == "__main__":
    main(sys.argv[1:])
