"""One run: its curves, its configuration and where its numbers come from."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from service.dashboard.pages.answers import shown
from service.dashboard.reading import Document, Reader, first_scale

EPOCHS_SHOWN = 40

router = APIRouter()


@router.get("/runs/{run_id}")
async def run(request: Request, run_id: str) -> Response:
    """One run: its curves, its configuration and where its numbers come from."""
    return await shown("run.html", _read(Reader(request), run_id))


async def _read(read: Reader, run_id: str) -> Document:
    address = f"/runs/{quote(run_id, safe='')}"
    run = await read(address)
    losses, sweep = await asyncio.gather(
        read(f"{address}/losses", {"max_points": EPOCHS_SHOWN}), read(f"/sweeps/{run['sweep']}")
    )
    smallest = run["metrics"].get("train_loss", {}).get("min")
    return {"run": run, "losses": losses, "sweep": sweep, "scale": first_scale([smallest])}
