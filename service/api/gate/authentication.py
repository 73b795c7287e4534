"""Everything is closed but a short public list; who has a token, a key or a session gets past."""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.context import Context
from service.api.gate.origins import SAFE_METHODS
from service.api.problems import ProblemResponse, escaped
from service.lifecycle import access
from service.lifecycle.access import Caller
from service.lifecycle.audit import MOST_ACTION, REFUSED, Deed
from service.store.full_disk import DiskFull

LOGIN = "/login"
STATIC = "/static/"
METRICS = "/metrics"
PUBLIC = frozenset(
    {("GET", "/healthz"), ("GET", "/readyz"), ("GET", LOGIN), ("POST", LOGIN)},
)
API = "/api/"
PUBLIC_ID = re.compile(r"\b[a-z]_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|(?<=/keys/)[0-9a-f]{12}\b")


class Authentication:
    """Stands before the routes, so that what is mounted, or not there at all, is as closed as an endpoint."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on with its caller in the scope's state, or refuse it."""
        if scope["type"] == "lifespan" or is_public(scope) or _is_public_here(scope):
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError("only HTTP is served")
        context: Context = scope["app"].state.context
        caller = await _caller(context, Headers(scope=scope))
        if caller is None:
            await _stranger(context, scope, receive, send)
            return
        if scope["method"] not in SAFE_METHODS:
            scope["state"]["deed"] = deed_of(scope, caller)
        scope["state"]["caller"] = caller
        await self.app(scope, receive, send)


def is_public(scope: Scope) -> bool:
    """Whether this request is on the short list of what a stranger may ask for."""
    if scope["type"] != "http":
        return False
    method, path = scope["method"], scope["path"]
    method = "GET" if method == "HEAD" else method
    return (method, path) in PUBLIC or (method == "GET" and path.startswith(STATIC))


def _is_public_here(scope: Scope) -> bool:
    """Whether the settings open what is asked for."""
    if scope["type"] != "http" or (scope["method"], scope["path"]) != ("GET", METRICS):
        return False
    context: Context = scope["app"].state.context
    return context.settings.public_metrics


def cookie_value(headers: Headers, name: str) -> str | None:
    """The value of our cookie, or None.

    By Starlette's reader: all services of one host share their cookies, and the standard library's stops
    at the first one that it cannot read.
    """
    return cookie_parser("; ".join(headers.getlist("cookie"))).get(name)


async def _caller(context: Context, headers: Headers) -> Caller | None:
    # A request that shows a bearer token is judged by it alone, whatever cookie comes along.
    authorization = headers.get("authorization")
    if authorization is not None:
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return None
        if access.same_secret(secret.strip(), context.token):
            return Caller(context.local_owner)
        return await run_in_threadpool(caller_by_key, context, secret.strip())
    cookie = cookie_value(headers, context.cookie_name)
    return await run_in_threadpool(_by_session, context, cookie) if cookie else None


def _by_session(context: Context, secret: str) -> Caller | None:
    with context.database.read() as session:
        caller = access.caller_with_session(session, secret)
    return _noted(context, caller)


def caller_by_key(context: Context, text: str) -> Caller | None:
    """Whose API key this is."""
    if not text.startswith(f"{access.KEY_MARK}_"):
        return None
    with context.database.read() as session:
        caller = access.caller_with_key(session, text)
    return _noted(context, caller)


def _noted(context: Context, caller: Caller | None) -> Caller | None:
    """The same, with the use of its key written down once a minute, also through a session."""
    if caller is not None and caller.key is not None and caller.key.use_is_stale:
        # Whoever only reads is not refused because the disk has no room for this.
        with suppress(DiskFull), context.database.write() as session:
            access.note_key_use(session, caller.key.id)
    return caller


def deed_of(scope: Scope, caller: Caller | None) -> Deed:
    """A request as the audit tells of it, before its endpoint is known; without a caller, a stranger's."""
    named = PUBLIC_ID.search(scope["path"])
    return Deed(
        action=escaped(f"{scope['method']} {scope['path']}", MOST_ACTION),
        owner_id=None if caller is None else caller.owner_id,
        credential=None if caller is None else caller.credential,
        object_id=named.group() if named else None,
        request_id=scope["state"]["request_id"],
        address=scope["client"][0] if scope.get("client") else None,
    )


def note_refusal(context: Context, deed: Deed) -> None:
    """Write into the audit that a request was refused."""
    with context.database.write() as session:
        deed.note(session, REFUSED)


async def _stranger(context: Context, scope: Scope, receive: Receive, send: Send) -> None:
    if "authorization" in Headers(scope=scope):
        # A guess, or a key that has ended. Rows are bounded: a stranger must not fill the audit.
        address = scope["client"][0] if scope.get("client") else ""
        if not context.strangers.wait(address):
            context.strangers.failed(address)
            await run_in_threadpool(note_refusal, context, deed_of(scope, None))
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
