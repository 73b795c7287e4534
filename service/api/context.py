"""What endpoints need of the process they run in, given to them and never imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Annotated

from fastapi import Depends, Request

from service.api.intake import Intake
from service.api.kept_answers import KeptAnswers
from service.api.probe import Probe
from service.api.schemas.health import LiveWorkers
from service.api.streams.tail import Tail
from service.api.uploads import Uploads
from service.lifecycle.access import Caller
from service.lifecycle.attempts import Attempts
from service.lifecycle.audit import Deed
from service.lifecycle.request_meter import RequestMeter
from service.settings import Settings
from service.store.database import Database


@dataclass(frozen=True, slots=True)
class Context:
    """The open database, the doorbell and what was set from outside."""

    settings: Settings
    database: Database
    token: str  # the secret that grants everything
    local_owner: int
    ring: Callable[[int], object]  # after a commit: tells that many workers that there is work; never raises
    broker_answers: Callable[[], bool]
    broker_kind: str | None  # the scheme of its URL
    intake: Intake  # of small submissions
    tail: Tail  # of the sweeps' events, for all who watch one
    workers: Probe[LiveWorkers] = field(default_factory=Probe)  # counted in the database, if it answers
    meter: RequestMeter = field(default_factory=RequestMeter)  # of keys' requests
    logins: Attempts = field(default_factory=Attempts)  # that failed
    strangers: Attempts = field(default_factory=Attempts)  # requests with a wrong secret
    uploads: Uploads = field(default_factory=Uploads)
    kept: KeptAnswers = field(default_factory=KeptAnswers)

    @property
    def cookie_name(self) -> str:
        """Where a browser keeps its session."""
        return cookie_name(self.settings)


def cookie_name(settings: Settings) -> str:
    """The name carries the port: cookies do not tell the ports of one host apart.

    With the prefix `__Host-` a browser takes it by TLS alone, and from no other host (RFC 6265bis).
    """
    return f"{'__Host-' if settings.is_https else ''}backsweep_{settings.port}"


async def context_of(request: Request) -> Context:
    """The context that the lifespan of the application has opened.

    To a request that may change something the database is one that also writes the audit's row, in the same
    transaction as the change.
    """
    context: Context = request.app.state.context
    database = noting(request, context)
    return context if database is context.database else replace(context, database=database)


def noting(request: Request, context: Context) -> Database:
    """The database, which writes the audit's row beside what this request changes, if it may."""
    deed: Deed | None = getattr(request.state, "deed", None)
    if deed is None:
        return context.database
    deed.action = request.scope["route"].name
    return context.database.with_note(deed)


async def caller_of(request: Request) -> Caller:
    """Who asks, as the gate found out; a public route has no caller and must not ask for one."""
    caller: Caller = request.state.caller
    return caller


def address_of(request: Request) -> str:
    """Where a request came from: the proxy, where there is one, for no header that says more is believed."""
    return request.client.host if request.client else ""


Here = Annotated[Context, Depends(context_of)]
Asking = Annotated[Caller, Depends(caller_of)]
