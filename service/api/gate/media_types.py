"""What is posted is JSON, except the login form: a foreign page cannot send JSON without asking first."""

from __future__ import annotations

from email.message import Message as MimeMessage

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.problems import ProblemResponse
from service.errors import Fault

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
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
        expected = FORM if scope["path"] == self.login else JSON
        headers = Headers(scope=scope)
        given = headers.get("content-type")
        if _is_a(given, expected) or (given is None and not _announces_a_body(headers)):
            await self.app(scope, receive, send)
            return
        fault = Fault("Content-Type", "is not what is read here", given, expected)
        refusal = ProblemResponse(
            scope, 415, f"The body must be {expected}.", [fault], headers={"Accept-Post": expected}
        )
        await refusal(scope, receive, send)


def _is_a(given: str | None, expected: str) -> bool:
    if given is None:
        return False
    message = MimeMessage()
    message["content-type"] = given.replace("\r", "").replace("\n", "")
    charset = message.get_content_charset("utf-8")
    return message.get_content_type() == expected and charset in {"utf-8", "us-ascii"}


def _announces_a_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
