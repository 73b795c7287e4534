"""A browser exchanges the token for a session, and ends it."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import parse_qsl, quote

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import RedirectResponse, Response

from service.api.context import Asking, Context, Here
from service.api.gate.authentication import LOGIN, cookie_value
from service.api.parameters import Body
from service.api.problems import ProblemResponse, documented
from service.lifecycle import access

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
    LOGIN, status_code=303, summary="Log a browser in", responses=documented(401, 403), openapi_extra=FORM
)
def login(here: Here, request: Request, body: Body) -> Response:
    """Exchange the token for a session's cookie and go on to `next`; the form must come from our own page."""
    form = _fields(body)
    target = local_path(form.get("next", HOME))
    if not access.same_secret(form.get("token", ""), here.token):
        return _refused(request, target)
    request_id = request.state.request_id
    secret = here.database.run(
        lambda session: access.open_session(session, here.local_owner, request_id=request_id)
    )
    answer = RedirectResponse(target, 303)
    _set_cookie(answer, here, request, secret, access.SESSION_DURATION)
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
    request_id = request.state.request_id
    with here.database.write() as session:
        if query.everywhere:
            access.close_every_session(session, caller.owner_id, request_id=request_id)
        else:
            access.close_session(session, caller.owner_id, secret, request_id=request_id)
    answer = Response(status_code=204)
    _set_cookie(answer, here, request, "", 0)
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
    return ProblemResponse(request.scope, 401, "This is not the token of this service.")


def _set_cookie(answer: Response, here: Context, request: Request, value: str, seconds: int) -> None:
    answer.set_cookie(
        here.cookie_name,
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
