"""What a caller may do is judged by scopes; what is refused counts as a request of its key like any other.

So a key cannot fill the audit with refusals faster than it may ask.
"""

from __future__ import annotations

import re

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from service.api.gate.authentication import METRICS, deed_of, note_refusal
from service.api.gate.origins import SAFE_METHODS
from service.api.problems import ProblemResponse
from service.lifecycle.access import Caller
from service.lifecycle.access import Scope as Permission

# Metrics count everybody's sweeps and name all machines, and a key that reads sees its owner's alone.
ADMINISTRATION = ("/api/v1/owners", "/api/v1/keys", "/api/v1/audit", METRICS)
# These change nothing: they compute an answer from what is sent. And whoever came in may leave.
READS_BY_POST = re.compile(
    r"/api/v1/(sweeps:preview|runs/[^/]+:predict|trace|derivatives|trajectories)|/logout"
)


class Permissions:
    """Refuses a request whose caller does not have the scope that it needs; a public one has no caller."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it and write that down."""
        caller: Caller | None = scope.get("state", {}).get("caller")
        needed = None if caller is None else needed_scope(scope["method"], scope["path"])
        if caller is None or needed is None or needed in caller.scopes:
            await self.app(scope, receive, send)
            return
        await run_in_threadpool(note_refusal, scope["app"].state.context, deed_of(scope, caller))
        detail = f"This key does not have the scope {needed.value!r}."
        await ProblemResponse(scope, 403, detail)(scope, receive, send)


def needed_scope(method: str, path: str) -> Permission:
    """What a caller must be allowed for a request; to look, and to work something out, is to read."""
    if any(path == each or path.startswith((f"{each}/", f"{each}:")) for each in ADMINISTRATION):
        return Permission.ADMIN
    is_read = method in SAFE_METHODS or (method == "POST" and READS_BY_POST.fullmatch(path))
    return Permission.READ if is_read else Permission.SUBMIT
