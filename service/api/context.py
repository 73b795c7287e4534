"""What endpoints need of the process they run in, given to them and never imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from service.api.streams.tail import Tail
from service.lifecycle.access import Caller
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
    tail: Tail  # of the sweeps' events, for all who watch one

    @property
    def cookie_name(self) -> str:
        """Where a browser keeps its session."""
        return cookie_name(self.settings.port)


def cookie_name(port: int) -> str:
    """The name carries the port: cookies do not tell the ports of one host apart."""
    return f"backsweep_{port}"


def context_of(request: Request) -> Context:
    """The context that the lifespan of the application has opened."""
    context: Context = request.app.state.context
    return context


def caller_of(request: Request) -> Caller:
    """Who asks, as the gate found out; a public route has no caller and must not ask for one."""
    caller: Caller = request.state.caller
    return caller


Here = Annotated[Context, Depends(context_of)]
Asking = Annotated[Caller, Depends(caller_of)]
