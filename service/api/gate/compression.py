"""Pages and their files travel compressed; answers of the API and event streams go as they are."""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

SMALLEST = 1024  # bytes: below it the header costs more than it saves
LEVEL = 6
# Large answers are numbers for programs, mostly on the same machine: compressing takes longer than sending.
AS_THEY_ARE = ("/api/", "/metrics", "/healthz", "/readyz")


class Compression:
    """Compresses for whoever reads gzip; what has been compressed before is left alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.plain = app
        self.compressing = GZipMiddleware(app, minimum_size=SMALLEST, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        as_it_is = scope["type"] != "http" or scope["path"].startswith(AS_THEY_ARE)
        await (self.plain if as_it_is else self.compressing)(scope, receive, send)
