"""A submission with all that belongs to it, found in one go: the framework takes its time for each part."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from service.api.context import Context, caller_of, noting
from service.api.idempotency import IdempotencyKey
from service.api.written_in import sweep_media_type
from service.lifecycle.access import Caller
from service.store.database import Database


class SentSweep(NamedTuple):
    """What a client sent, to whom and by what right."""

    here: Context
    database: Database  # notes what the request does
    caller: Caller
    body: bytes
    media_type: str
    idempotency_key: str | None


async def sent_with(request: Request, idempotency_key: IdempotencyKey = None) -> SentSweep:
    """All of a request whose key was found in it and is right."""
    here: Context = request.app.state.context
    return SentSweep(
        here,
        noting(request, here),
        await caller_of(request),
        await request.body(),
        sweep_media_type(request),
        idempotency_key,
    )


Sent = Annotated[SentSweep, Depends(sent_with)]
