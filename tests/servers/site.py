"""A stand-in for service/app.py: ready after a moment, and it says which process and settings answer."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

ANSWERS_BEFORE_READY = 2


def create_app() -> Callable[[dict[str, Any], Receive, Send], Awaitable[None]]:
    """Return an application that answers everything with its process and BACKSWEEP_* variables."""
    asked = 0

    async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        nonlocal asked
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        asked += 1
        status = 200 if asked > ANSWERS_BEFORE_READY else 503
        settings = {name: value for name, value in os.environ.items() if name.startswith("BACKSWEEP_")}
        body = json.dumps({"pid": os.getpid(), "settings": settings}).encode()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return application


def create_broken_app() -> None:
    """Fail as an application with a mistake in it does."""
    raise RuntimeError("the application has a mistake")
