"""One sweep: the answer, how sure it is, and every run behind it."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from service.dashboard.pages.answers import shown
from service.dashboard.reading import Document, Reader, first_scale
from service.dashboard.reading import Query as ReaderQuery
from service.planning.statuses import RUN_STEPS, Cause, Intent, SweepState

RUNS_SHOWN = 25

router = APIRouter()

Cursor = Annotated[str | None, Query(max_length=500)]


@router.get("/sweeps/{sweep_id}")
async def sweep(request: Request, sweep_id: str, order_by: str = "number", cursor: Cursor = None) -> Response:
    """One sweep: the answer, how sure it is, and every run behind it."""
    return await shown("sweep.html", _read(Reader(request), sweep_id, order_by, cursor))


async def _read(read: Reader, sweep_id: str, order_by: str, cursor: str | None) -> Document:
    address = f"/sweeps/{quote(sweep_id, safe='')}"
    sweep = await read(address)
    query: ReaderQuery = {"sweep": sweep["id"], "order_by": order_by, "limit": RUNS_SHOWN, "cursor": cursor}
    summary, runs = await asyncio.gather(read(f"{address}/summary"), read("/runs", query))
    # What the modules work out the same way when they fill the page again.
    sweep["can"] = _requests(sweep)
    for setting in summary["settings"]:
        setting["among"] = setting["in_best_set"] and not setting["best"]
    for run in runs["items"]:
        run["baseline"] = run["role"] != "search"
    loss = "train_loss" if sweep["function"] else "validation_loss"
    losses = [setting["metrics"].get(loss, {}).get("mean") for setting in summary["settings"]]
    shown = {"summary": summary, "runs": runs, "order_by": order_by, "cursor": cursor}
    return {"sweep": sweep, "scale": first_scale(losses), **shown}


def _requests(sweep: Document) -> dict[str, bool]:
    """Which buttons the page of a sweep shows, and whether its workers are handing back for a pause."""
    is_open, intent, counts = not SweepState(sweep["state"]).is_final, sweep["intent"], sweep["counts"]
    return {
        "pause": is_open and intent == Intent.RUN,
        "resume": is_open and intent == Intent.PAUSE,
        "cancel": is_open,
        "retry": any(counts[state] for state in RUN_STEPS[Cause.RETRY].before),
        "pausing": intent == Intent.PAUSE and sweep["state"] == SweepState.RUNNING,
    }
