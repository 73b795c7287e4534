"""Which failure is answered with which HTTP status: the one table of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from service.api.problems import ProblemResponse, faults_in_words
from service.errors import Busy, Conflict, Fault, InvalidSubmission, LimitReached, NotFound, Outdated
from service.store.full_disk import DiskFull

DETAILS = {
    404: "Nothing is at this address.",
    405: "This address does not answer to this method.",
}
NO_ROOM = (
    "The database's disk is full, or takes no more. Nothing of this request is stored; once there is room it "
    "may be sent again."
)


def answer_failures(app: FastAPI) -> None:
    """Have every expected failure of an endpoint answered with its problem document."""
    app.add_exception_handler(InvalidSubmission, _invalid)
    app.add_exception_handler(RequestValidationError, _invalid_parameters)
    app.add_exception_handler(NotFound, _not_found)
    app.add_exception_handler(Conflict, _conflict)
    app.add_exception_handler(Busy, _busy)
    app.add_exception_handler(Outdated, _outdated)
    app.add_exception_handler(LimitReached, _limit_reached)
    app.add_exception_handler(DiskFull, _full_disk)
    app.add_exception_handler(HTTPException, _from_the_framework)
    app.add_exception_handler(ClientDisconnect, _gone)


async def _invalid(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, InvalidSubmission)  # noqa: S101 - Starlette's table is typed by Exception
    return ProblemResponse(request.scope, 422, faults_in_words(error.faults), error.faults)


async def _invalid_parameters(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    if any(each["loc"][0] == "path" for each in error.errors()):
        # An identifier of a wrong form names nothing, like one that was never given out.
        return ProblemResponse(request.scope, 404, DETAILS[404])
    faults = [_fault(each) for each in error.errors()]
    return ProblemResponse(request.scope, 422, faults_in_words(faults), faults)


async def _not_found(request: Request, error: Exception) -> ProblemResponse:
    return ProblemResponse(request.scope, 404, _sentence(error))


async def _conflict(request: Request, error: Exception) -> ProblemResponse:
    return ProblemResponse(request.scope, 409, _sentence(error))


async def _busy(request: Request, error: Exception) -> ProblemResponse:
    return ProblemResponse(request.scope, 503, _sentence(error), headers={"Retry-After": "5"})


async def _outdated(request: Request, error: Exception) -> ProblemResponse:
    return ProblemResponse(request.scope, 412, _sentence(error))


async def _limit_reached(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, LimitReached)  # noqa: S101 - as above
    return ProblemResponse(request.scope, 403, "This is more than this key may have.", error.faults)


async def _full_disk(request: Request, _error: Exception) -> ProblemResponse:
    """Say that only room helps, and that nothing of the request is stored."""
    return ProblemResponse(request.scope, 507, NO_ROOM)


async def _from_the_framework(request: Request, error: Exception) -> ProblemResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    detail = DETAILS.get(error.status_code, error.detail)
    return ProblemResponse(request.scope, error.status_code, detail, headers=error.headers)


async def _gone(request: Request, _error: Exception) -> ProblemResponse:
    return ProblemResponse(request.scope, 400, "The connection ended before the body did.")


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}." if text else DETAILS[404]


def _fault(error: Mapping[str, Any]) -> Fault:
    return Fault(
        path=".".join(str(part) for part in error["loc"][1:]),
        message=error["msg"],
        value=error.get("input"),
        allowed=_allowed(error.get("ctx", {})),
    )


def _allowed(context: Mapping[str, Any]) -> str | None:
    words = {
        "expected": "{}",
        "ge": "{} or more",
        "le": "{} or less",
        "max_length": "{} characters or fewer",
        "pattern": "what matches {}",
    }
    said = [text.format(context[name]) for name, text in words.items() if name in context]
    return ", ".join(said) or None
