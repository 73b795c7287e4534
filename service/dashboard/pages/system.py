"""The service at one look: who trains what, what waits, and what it all stands on."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response

from service.dashboard.pages.answers import shown
from service.dashboard.reading import Document, Reader

ALIVE = ("training", "idle")

router = APIRouter()


@router.get("/system")
async def system(request: Request) -> Response:
    """Workers, queue, runs by state, and what is in use."""
    return await shown("system.html", _read(Reader(request)))


async def _read(read: Reader) -> Document:
    found, workers = await asyncio.gather(read("/system"), read("/workers"))
    alive = [worker for worker in workers["items"] if worker["state"] in ALIVE]
    gone = [worker for worker in workers["items"] if worker["state"] not in ALIVE]
    return {"system": found, "alive": alive, "gone": gone}
