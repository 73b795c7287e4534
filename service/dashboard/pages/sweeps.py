"""The list of sweeps."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service.dashboard.pages.answers import shown
from service.dashboard.reading import Document, Reader

SWEEPS_SHOWN = 50

router = APIRouter()

Cursor = Annotated[str | None, Query(max_length=500)]


@router.get("/sweeps")
async def sweeps(request: Request, cursor: Cursor = None) -> Response:
    """All sweeps, newest first."""
    return await shown("sweeps.html", _read(Reader(request), cursor))


async def _read(read: Reader, cursor: str | None) -> Document:
    found = await read("/sweeps", {"limit": SWEEPS_SHOWN, "cursor": cursor})
    return {"sweeps": found, "cursor": cursor, "address": read.address, "token_file": read.token_file}
