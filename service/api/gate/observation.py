"""Every request is measured and written into the log once, when it is answered."""

from __future__ import annotations

import logging
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service import logs
from service.api.problems import escaped

QUIET = ("/healthz", "/readyz", "/metrics", "/static/")  # asked for all the time, and of no interest
STREAM = "text/event-stream"
MOST_PATH = 200  # characters
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_log = logging.getLogger("backsweep.access")


class Observation:
    """Stands inside the layer that names requests, so that all that is logged meanwhile has the name."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, streams = 500, False

        async def watch(message: Message) -> None:
            nonlocal status, streams
            if message["type"] == "http.response.start":
                status = message["status"]
                streams = Headers(raw=message["headers"]).get("content-type", "").startswith(STREAM)
            await send(message)

        start = time.perf_counter()
        with logs.about(request_id=scope["state"]["request_id"]):
            try:
                await self.app(scope, receive, watch)
            finally:
                self._tell(scope, status, streams, time.perf_counter() - start)

    def _tell(self, scope: Scope, status: int, streams: bool, seconds: float) -> None:
        method = scope["method"] if scope["method"] in METHODS else "other"
        if not streams:
            state = scope["app"].state
            state.measures.request(method, state.route_names.of(scope), status, seconds)
        path = escaped(scope["path"], MOST_PATH)  # without the query: a filter may name what is nobody's
        level = logging.DEBUG if path.startswith(QUIET) and status < 400 else logging.INFO
        extra = {"method": method, "path": path, "status": status, "seconds": round(seconds, 4)}
        _log.log(level, "%s %s %d in %.1f ms", method, path, status, seconds * 1000, extra={"fields": extra})
