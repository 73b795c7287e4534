"""The list of sweeps, and the search in it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service.dashboard.asked_runs import UNREADABLE, fault_of
from service.dashboard.pages.answers import shown
from service.dashboard.reading import Document, Reader, Refused
from service.dashboard.sweep_search import as_filter
from service.dashboard.wording import best_result, best_so_far

SWEEPS_SHOWN = 50

router = APIRouter()

Cursor = Annotated[str | None, Query(max_length=500)]


@router.get("/sweeps")
async def sweeps(
    request: Request, looked_for: Annotated[str, Query(alias="filter")] = "", cursor: Cursor = None
) -> Response:
    """The sweeps that a filter or a part of a name finds, the newest first."""
    return await shown("sweeps.html", _read(Reader(request), looked_for, cursor))


async def _read(read: Reader, looked_for: str, cursor: str | None) -> Document:
    filter_text = as_filter(looked_for)
    fault = None
    try:
        found = await read(
            "/sweeps", {"limit": SWEEPS_SHOWN, "cursor": cursor, "filter": filter_text or None}
        )
    except Refused as refused:
        fault = fault_of("filter", refused.faults)
        if fault is None:
            raise
        found = {"items": [], "next_cursor": None}
    for one in found["items"]:
        one["epochs_per_second"] = _throughput(one)
        one["best"] = _best(one)
    return {
        "sweeps": found,
        "looked_for": looked_for,
        "filter_text": filter_text,
        "fault": fault,
        "cursor": cursor,
        "address": read.address,
        "token_file": read.token_file,
        "status": UNREADABLE if fault else 200,
    }


def _best(sweep: Document) -> dict[str, str] | None:
    """The answer in words, or what is best before there is one, as in sweep-list.js."""
    metric = sweep["metric"]["name"]
    if sweep["best_result"]:
        return best_result(sweep["best_result"], metric)
    return best_so_far(sweep["best_so_far"], metric) if sweep["best_so_far"] else None


def _throughput(sweep: Document) -> float | None:
    """Epochs per second since the sweep began; None before, as in sweep-list.js."""
    return sweep["progress"]["epochs_done"] / sweep["elapsed_seconds"] if sweep["elapsed_seconds"] else None
