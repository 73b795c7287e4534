"""Every answer has its request's id and the headers that bound what a browser may do with it."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "X-Request-Id"
_REQUEST_ID = REQUEST_ID.lower().encode()
_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")  # what may be repeated in a log without a thought

SECURITY_HEADERS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: under it browsers send `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class ResponseHeaders:
    """The outermost layer: names the request, and adds the headers to what the inner ones answer."""

    def __init__(self, app: ASGIApp, policy: str, *, is_https: bool = False) -> None:
        self.app = app
        headers = {**SECURITY_HEADERS, "Content-Security-Policy": policy}
        if is_https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        self.headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        self.names = frozenset(name for name, _ in self.headers) | {_REQUEST_ID}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        # A name and no secret: the system's randomness costs a call in which other threads take their turn.
        request_id = given if _ACCEPTED_ID.fullmatch(given) else f"{random.getrandbits(64):016x}"
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = [header for header in message["headers"] if header[0] not in self.names]
                message["headers"] = [*given, *self.headers, (_REQUEST_ID, request_id.encode())]
                names = {name for name, _ in given}
                if not names & {b"etag", b"cache-control"}:  # what has a tag is asked about again by itself
                    message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        await self.app(scope, receive, send_with_headers)
