"""A failure that nobody expected is logged with its traceback, and answered without it."""

from __future__ import annotations

import logging

from sqlalchemy.exc import OperationalError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.failures import NO_ROOM
from service.api.problems import ProblemResponse
from service.store.full_disk import DiskFull

_log = logging.getLogger(__name__)

DETAIL = "Something went wrong in the service. The request id finds it in the server's log."
DATABASE_DETAIL = "The database does not answer now; try again."


class Unexpected:
    """Stands inside the layer that adds headers; Starlette's own last resort stands outside of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, with 500 if the inner layers fail to."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            _log.exception(
                "request %s: %s %r failed", scope["state"]["request_id"], scope["method"], scope["path"]
            )
            if started:  # the connection has to break off: the answer is incomplete
                raise
            await _answer(scope, error)(scope, receive, send)


def _answer(scope: Scope, error: Exception) -> ProblemResponse:
    if isinstance(error, DiskFull):  # before any endpoint
        return ProblemResponse(scope, 507, NO_ROOM)
    if isinstance(error, OperationalError):
        return ProblemResponse(scope, 503, DATABASE_DETAIL, headers={"Retry-After": "5"})
    return ProblemResponse(scope, 500, DETAIL)
