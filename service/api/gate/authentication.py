"""Everything is closed but a short public list; who has a token, a key or a session gets past."""

from __future__ import annotations

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.context import Context
from service.api.gate.origins import SAFE_METHODS
from service.api.problems import ProblemResponse
from service.lifecycle import access
from service.lifecycle.access import Caller
from service.lifecycle.access import Scope as Permission

LOGIN = "/login"
STATIC = "/static/"
PUBLIC = frozenset(
    {("GET", "/healthz"), ("GET", "/readyz"), ("GET", LOGIN), ("POST", LOGIN)},
)
API = "/api/"


class Authentication:
    """Stands before the routes, so that what is mounted, or not there at all, is as closed as an endpoint."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on with its caller in the scope's state, or refuse it."""
        if scope["type"] == "lifespan" or is_public(scope):
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError("only HTTP is served")
        caller = await _caller(scope["app"].state.context, Headers(scope=scope))
        if caller is None:
            await _stranger(scope, receive, send)
        elif _needed(scope) not in caller.scopes:
            detail = f"This key does not have the scope {_needed(scope).value!r}."
            await ProblemResponse(scope, 403, detail)(scope, receive, send)
        else:
            scope["state"]["caller"] = caller
            await self.app(scope, receive, send)


def is_public(scope: Scope) -> bool:
    """Whether this request is on the short list of what a stranger may ask for."""
    if scope["type"] != "http":
        return False
    method, path = scope["method"], scope["path"]
    method = "GET" if method == "HEAD" else method
    return (method, path) in PUBLIC or (method == "GET" and path.startswith(STATIC))


def cookie_value(headers: Headers, name: str) -> str | None:
    """The value of our cookie, or None.

    By Starlette's reader: all services of one host share their cookies, and the standard library's stops
    at the first one that it cannot read.
    """
    return cookie_parser("; ".join(headers.getlist("cookie"))).get(name)


def _needed(scope: Scope) -> Permission:
    return Permission.READ if scope["method"] in SAFE_METHODS else Permission.SUBMIT


async def _caller(context: Context, headers: Headers) -> Caller | None:
    # A request that shows a bearer token is judged by it alone, whatever cookie comes along.
    authorization = headers.get("authorization")
    if authorization is not None:
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        if access.same_secret(secret.strip(), context.token):
            return Caller(context.local_owner)
        return await run_in_threadpool(_by_key, context, secret.strip())
    cookie = cookie_value(headers, context.cookie_name)
    return await run_in_threadpool(_by_session, context, cookie) if cookie else None


def _by_session(context: Context, secret: str) -> Caller | None:
    with context.database.read() as session:
        return access.caller_with_session(session, secret)


def _by_key(context: Context, text: str) -> Caller | None:
    if not text.startswith(f"{access.KEY_MARK}_"):
        return None
    with context.database.read() as session:
        caller = access.caller_with_key(session, text)
        stale = caller is not None and access.key_use_is_stale(session, text)
    if stale:
        with context.database.write() as session:
            access.note_key_use(session, text)
    return caller


async def _stranger(scope: Scope, receive: Receive, send: Send) -> None:
    if _shows_a_page(scope):
        query = scope["query_string"].decode("ascii", "replace")
        wanted = scope["path"] + (f"?{query}" if query else "")
        await RedirectResponse(f"{LOGIN}?next={quote(wanted, safe='')}", 303)(scope, receive, send)
        return
    detail = "This needs the token of this service, an API key or a session."
    headers = {"WWW-Authenticate": 'Bearer realm="backsweep"'}
    await ProblemResponse(scope, 401, detail, headers=headers)(scope, receive, send)


def _shows_a_page(scope: Scope) -> bool:
    accepted = Headers(scope=scope).get("accept", "")
    return scope["method"] == "GET" and "text/html" in accepted and not scope["path"].startswith(API)
