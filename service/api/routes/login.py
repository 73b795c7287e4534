"""A browser exchanges the token or a key for a session, and ends it."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import RedirectResponse, Response

from service.api.context import Asking, Context, Here, address_of
from service.api.gate.authentication import LOGIN, caller_by_key, cookie_value
from service.api.parameters import Body
from service.api.problems import ProblemResponse, documented
from service.lifecycle import access
from service.lifecycle.access import Caller
from service.lifecycle.audit import REFUSED, Deed

router = APIRouter(tags=["service"])

HOME = "/"
# A path of ours: browsers read `//host` and `/\host` as another host, and drop tabs and line ends.
_LOCAL_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
MOST_FIELDS = 8
FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["token"],
                    "properties": {"token": {"type": "string"}, "next": {"type": "string"}},
                }
            }
        },
    }
}


class LogoutQuery(BaseModel):
    """Which sessions end."""

    model_config = ConfigDict(extra="forbid")

    everywhere: bool = False


@router.post(
    LOGIN,
    status_code=303,
    summary="Log a browser in",
    responses=documented(401, 403, 429),
    openapi_extra=FORM,
)
def login(here: Here, request: Request, body: Body) -> Response:
    """Exchange the token, or an API key, for a session's cookie and go on to `next`.

    The form must come from our own page. A session has the scopes of its key, and ends with it. After ten
    failures from one address, or a hundred from all, the next attempt has to wait.
    """
    form, address = _fields(body), address_of(request)
    target = local_path(form.get("next", HOME))
    if seconds := here.logins.wait(address):
        return _too_many(request, seconds)
    caller = _caller(here, form.get("token", ""))
    if caller is None:
        here.logins.failed(address)
        with here.database.write() as session:
            _deed(request, None).note(session, REFUSED)
        return _refused(request, target)
    before = cookie_value(request.headers, here.cookie_name) or ""
    with here.database.write() as session:
        access.close_session(session, caller.owner_id, before)  # a new login never goes on with an old secret
        secret = access.open_session(session, caller)
        _deed(request, caller).note(session)
    answer = RedirectResponse(target, 303)
    _set_cookie(answer, here, secret, access.SESSION_DURATION)
    return answer


@router.post(
    "/logout",
    status_code=204,
    summary="Log a browser out",
    response_class=Response,
    responses=documented(422),
)
def logout(here: Here, caller: Asking, request: Request, query: Annotated[LogoutQuery, Query()]) -> Response:
    """End the session of this cookie, or with `everywhere` all sessions of its owner."""
    secret = cookie_value(request.headers, here.cookie_name) or ""
    with here.database.write() as session:
        if query.everywhere:
            access.close_every_session(session, caller.owner_id)
        else:
            access.close_session(session, caller.owner_id, secret)
    answer = Response(status_code=204)
    _set_cookie(answer, here, "", 0)
    return answer


def local_path(text: str) -> str:
    """`text` if it is a path of this service, else the front page."""
    return text if _LOCAL_PATH.fullmatch(text) else HOME


def _fields(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("ascii"), max_num_fields=MOST_FIELDS, errors="replace"))
    except ValueError:  # not ASCII, or more fields than a login has
        return {}


def _refused(request: Request, target: str) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(f"{LOGIN}?failed=1&next={quote(target, safe='')}", 303)
    return ProblemResponse(
        request.scope, 401, "This is neither the token of this service nor a key that is valid."
    )


def _too_many(request: Request, seconds: int) -> Response:
    detail = f"Too many logins have failed; the next one may be tried in {seconds} s."
    return ProblemResponse(request.scope, 429, detail, headers={"Retry-After": str(seconds)})


def _caller(here: Context, secret: str) -> Caller | None:
    if access.same_secret(secret, here.token):
        return Caller(here.local_owner)
    return caller_by_key(here, secret)


def _deed(request: Request, caller: Caller | None) -> Deed:
    return Deed(
        "login",
        None if caller is None else caller.owner_id,
        None if caller is None else caller.credential,
        request_id=request.state.request_id,
        address=address_of(request),
    )


def _set_cookie(answer: Response, here: Context, value: str, seconds: int) -> None:
    answer.set_cookie(
        here.cookie_name,
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="strict",
        secure=here.settings.is_https,
    )
