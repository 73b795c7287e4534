"""Every answer that is not a success is a problem document (RFC 9457) that names each fault and its place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse
from starlette.types import Scope

from service.errors import Fault

MEDIA_TYPE = "application/problem+json"
MOST_VALUE = 100  # characters of a refused value that are repeated
MOST_TEXT = 1000  # characters of a path or a message: both may quote what was sent
MOST_FAULTS = 100

# HTTPStatus has the names of RFC 9110 only from Python 3.13 on.
TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}

EXAMPLE: dict[str, Any] = {
    "type": "about:blank",
    "title": "Unprocessable Content",
    "status": 422,
    "detail": "One thing is wrong with what was sent.",
    "instance": "/api/v1/sweeps",
    "request_id": "f8d1fe14110a5c46",
    "errors": [
        {
            "path": "parameters.learning_rate.min",
            "message": "is not positive: a logarithmic distribution needs numbers above 0",
            "value": "-1",
            "allowed": "a number above 0",
        }
    ],
}


class FaultDocument(BaseModel):
    """One thing that is wrong with what was sent."""

    path: str = Field(description="Where: names and indices joined by dots; empty for the whole document.")
    message: str
    value: str | None = Field(description="What was sent there, escaped and cut at 100 characters.")
    allowed: str | None


class Problem(BaseModel):
    """RFC 9457 problem document; `errors` lists everything that is wrong, not only the first."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str = Field(description="The path that was asked for.")
    request_id: str = Field(description="Also in the header X-Request-Id and in the server's log.")
    errors: list[FaultDocument]


class ProblemResponse(JSONResponse):
    """A problem document about the request in `scope`."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        scope: Scope,
        status: int,
        detail: str,
        faults: Iterable[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        listed = list(faults)
        problem = Problem(
            title=TITLES.get(status) or HTTPStatus(status).phrase,
            status=status,
            detail=escaped(detail, MOST_TEXT),
            instance=quote(scope["path"], errors="replace"),
            request_id=scope.get("state", {}).get("request_id", ""),
            errors=[_document(fault) for fault in listed[:MOST_FAULTS]],
        )
        super().__init__(problem.model_dump(), status, headers)


def faults_in_words(faults: Iterable[Fault]) -> str:
    """The sentence above a list of faults."""
    count = len(list(faults))
    return "One thing is wrong with what was sent." if count == 1 else f"{count} things are wrong."


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI text of the problems that an operation may answer with."""
    return {
        status: {
            "description": TITLES.get(status) or HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def escaped(text: str, most: int) -> str:
    """`text` without a character that could not be encoded, or that a reader would not see; cut at `most`."""
    cut = text if len(text) <= most else text[: most - 1] + "…"
    if cut.isprintable():
        return cut
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in cut
    )


def _document(fault: Fault) -> FaultDocument:
    return FaultDocument(
        path=escaped(fault.path, MOST_TEXT),
        message=escaped(fault.message, MOST_TEXT),
        value=None if fault.value is None else escaped(_as_text(fault.value), MOST_VALUE),
        allowed=None if fault.allowed is None else escaped(fault.allowed, MOST_TEXT),
    )


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):  # an integer of more than 4,300 digits; a value inside itself
        return f"({type(value).__name__})"
