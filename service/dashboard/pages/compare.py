"""Up to 20 runs side by side."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service.dashboard.comparing import MOST, asked, differing, equal, measured
from service.dashboard.pages.answers import shown
from service.dashboard.reading import Document, Reader, first_scale

router = APIRouter()


@router.get("/compare")
async def compare(request: Request, runs: Annotated[list[str], Query()] = []) -> Response:  # noqa: B006 - FastAPI copies it
    """The runs that the address names: what differs between them first."""
    return await shown("compare.html", _read(Reader(request), runs))


async def _read(read: Reader, texts: list[str]) -> Document:
    wanted = asked(texts)
    found = {}
    if wanted.runs:
        quoted = ", ".join(f"'{run}'" for run in wanted.runs)
        answer = await read("/runs", {"filter": f"id in ({quoted})", "limit": MOST})
        found = {run["id"]: {**run, "baseline": run["role"] != "search"} for run in answer["items"]}
    runs = [found[name] for name in wanted.runs if name in found]
    several = len({run["sweep"] for run in runs}) > 1
    return {
        "asked": wanted,
        "runs": runs,
        "missing": [name for name in wanted.runs if name not in found],
        "differing": differing(runs),
        "equal": equal(runs) if runs else {},
        "measured": measured(runs),
        "names": {
            run["id"]: f"run {run['number']}" + (f" of {run['sweep_name']}" if several else "")
            for run in runs
        },
        "scale": first_scale(run["metrics"].get("train_loss", {}).get("min") for run in runs),
    }
