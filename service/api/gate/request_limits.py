"""A key's requests are counted, and those beyond its limit are told when to come again."""

from __future__ import annotations

from contextlib import suppress

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.context import Context
from service.api.problems import ProblemResponse
from service.errors import Fault
from service.lifecycle.access import Caller
from service.lifecycle.limits import limits_of
from service.lifecycle.request_meter import MINUTE, Verdict
from service.store.full_disk import DiskFull


class RequestLimits:
    """Answers 429 with Retry-After; every answer to a key says what is left of its minute.

    The fields are those of the IETF's draft-ietf-httpapi-ratelimit-headers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        caller: Caller | None = scope.get("state", {}).get("caller")
        if scope["type"] != "http" or caller is None or caller.key is None:
            await self.app(scope, receive, send)
            return
        verdict = await _judged(scope["app"].state.context, caller)
        headers = _headers(verdict)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        if verdict.passes:
            await self.app(scope, receive, send_with_headers)
            return
        fault = Fault("", "is more than this key may ask in a minute", None, f"{verdict.limit} requests")
        refusal = ProblemResponse(
            scope,
            429,
            f"This key has made its requests; the next one passes in {verdict.retry_seconds} s.",
            [fault],
            headers={"Retry-After": str(verdict.retry_seconds)},
        )
        await refusal(scope, receive, send_with_headers)


async def _judged(context: Context, caller: Caller) -> Verdict:
    limits, key = limits_of(context.settings, caller), caller.key
    assert limits is not None and key is not None, "only keys are limited"  # noqa: S101, PT018
    limit = limits.requests_per_minute
    if context.meter.is_due(key.id, limit, key.moment):
        with suppress(DiskFull):  # this process goes on counting by itself
            await run_in_threadpool(context.meter.exchange, context.database, key.id, key.moment)
    return context.meter.judge(key.id, limit, key.moment)


def _headers(verdict: Verdict) -> dict[str, str]:
    return {
        "RateLimit-Policy": f'"requests";q={verdict.limit};w={MINUTE // 1000}',
        "RateLimit": f'"requests";r={verdict.remaining};t={verdict.reset_seconds}',
    }
