"""A submission that is plainly sent goes straight to its endpoint, past the framework's search for arguments.

That search asks of every request, for each parameter, where it stands and whether it is right; for hundreds
of small submissions in a second it took a tenth of all their time.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from service.api.idempotency import is_plain
from service.api.sent import sent_with


class StraightRoute(APIRoute):
    """For an endpoint whose one parameter is a `Sent`; what is not plain is left to the framework."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """What answers a request."""
        by_framework = super().get_route_handler()

        async def handle(request: Request) -> Response:
            key = request.headers.get("idempotency-key")
            if key is not None and not is_plain(key):
                return await by_framework(request)
            response: Response = await self.endpoint(await sent_with(request, key))
            return response

        return handle
