"""What is sent is JSON, or YAML where a sweep is, or a table where a dataset is, except the login form.

A foreign page cannot send any of them but the form without asking first.
"""

from __future__ import annotations

from email.message import Message as MimeMessage
from functools import lru_cache

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.problems import ProblemResponse
from service.errors import Fault
from service.planning.sweep_file import JSON, MEDIA_TYPES

MERGE_PATCH = "application/merge-patch+json"  # RFC 7396
FORM = "application/x-www-form-urlencoded"
TABLES = ("text/csv", "text/tab-separated-values", "application/vnd.apache.parquet")
SWEEPS = frozenset({"/api/v1/sweeps", "/api/v1/sweeps:preview"})
DATASETS = "/api/v1/datasets"
METHODS_WITH_A_BODY = frozenset({"POST", "PUT", "PATCH"})


class MediaTypes:
    """Refuses a body of another media type with 415; a request without any body needs to name none."""

    def __init__(self, app: ASGIApp, login: str) -> None:
        self.app = app
        self.login = login

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it."""
        if scope["type"] != "http" or scope["method"] not in METHODS_WITH_A_BODY:
            await self.app(scope, receive, send)
            return
        expected = self._expected(scope["method"], scope["path"])
        headers = Headers(scope=scope)
        given = headers.get("content-type")
        if media_type(given) in expected or (given is None and not _announces_a_body(headers)):
            await self.app(scope, receive, send)
            return
        allowed = ", ".join(expected)
        name = "Accept-Patch" if scope["method"] == "PATCH" else "Accept-Post"
        fault = Fault("Content-Type", "is not what is read here", given, allowed)
        detail = f"The body must be {' or '.join(expected[:2])}."
        refusal = ProblemResponse(scope, 415, detail, [fault], headers={name: allowed})
        await refusal(scope, receive, send)

    def _expected(self, method: str, path: str) -> tuple[str, ...]:
        if method == "PATCH":
            return (JSON, MERGE_PATCH)
        if path == self.login:
            return (FORM,)
        if path == DATASETS:
            return TABLES
        return MEDIA_TYPES if path in SWEEPS else (JSON,)


@lru_cache(maxsize=256)
def media_type(given: str | None) -> str | None:
    """The type that a Content-Type names, in small letters; None if it names another charset than UTF-8."""
    if given is None:
        return None
    message = MimeMessage()
    message["content-type"] = given.replace("\r", "").replace("\n", "")
    charset = message.get_content_charset("utf-8")
    return message.get_content_type() if charset in {"utf-8", "us-ascii"} else None


def _announces_a_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
