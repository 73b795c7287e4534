"""A body is counted while it comes, and no more of it is read than its cap."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.problems import ProblemResponse


class BodyCap:
    """Refuses a body of more than `most` bytes by its Content-Length, else at the chunk that exceeds it.

    `other` has the caps of paths that have their own.
    """

    def __init__(self, app: ASGIApp, most: int, other: Mapping[str, int]) -> None:
        self.app = app
        self.most = most
        self.other = other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = self.other.get(scope["path"], self.most)
        lengths = Headers(scope=scope).getlist("content-length")
        if any(not (length.isascii() and length.isdigit()) for length in lengths) or len(set(lengths)) > 1:
            refusal = ProblemResponse(scope, 400, "The Content-Length header is not one whole number.")
            await refusal(scope, receive, send)
        # By digits first: Python refuses to read integers of more than 4,300.
        elif lengths and (len(lengths[0]) > 18 or int(lengths[0]) > most):
            await ProblemResponse(scope, 413, _detail(most))(scope, receive, send)
        else:
            await self.app(scope, _counted(receive, most), send)


def _counted(receive: Receive, most: int) -> Receive:
    count = 0

    async def receive_counted() -> Message:
        nonlocal count
        message = await receive()
        count += len(message.get("body", b""))
        if count > most:
            # Answered by the endpoint's own machinery: only what reads a body comes here.
            raise HTTPException(413, _detail(most))
        return message

    return receive_counted


def _detail(most: int) -> str:
    return f"The body has more than the {most} bytes that are allowed."
