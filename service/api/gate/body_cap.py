"""A body is counted while it comes, and no more of it is read than its cap."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.problems import ProblemResponse


class BodyCap:
    """Refuses a body of more than `most` bytes by its Content-Length, else at the chunk that exceeds it."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        lengths = Headers(scope=scope).getlist("content-length")
        if any(not (length.isascii() and length.isdigit()) for length in lengths) or len(set(lengths)) > 1:
            refusal = ProblemResponse(scope, 400, "The Content-Length header is not one whole number.")
            await refusal(scope, receive, send)
        # By digits first: Python refuses to read integers of more than 4,300.
        elif lengths and (len(lengths[0]) > 18 or int(lengths[0]) > self.most):
            await ProblemResponse(scope, 413, self._detail())(scope, receive, send)
        else:
            await self.app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        count = 0

        async def receive_counted() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if count > self.most:
                # Answered by the endpoint's own machinery: only what reads a body comes here.
                raise HTTPException(413, self._detail())
            return message

        return receive_counted

    def _detail(self) -> str:
        return f"The body has more than the {self.most} bytes that are allowed."
