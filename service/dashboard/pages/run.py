"""One run: its curves, its network, what it says of the test rows, and where its numbers come from."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from service.dashboard.pages.answers import shown
from service.dashboard.reading import Document, Reader, first_scale

EPOCHS_SHOWN = 40
MOST_COLUMNS = 400  # of a form for one row
KEPT = {"final": ("final",), "best": ("best",), "both": ("final", "best")}
VERIFIABLE = ("completed", "diverged")

router = APIRouter()


@router.get("/runs/{run_id}")
async def run(request: Request, run_id: str) -> Response:
    """One run: its curves, its network, what it says of the test rows, and where its numbers come from."""
    return await shown("run.html", _read(Reader(request), run_id))


async def _read(read: Reader, run_id: str) -> Document:
    address = f"/runs/{quote(run_id, safe='')}"
    run = await read(address)
    losses, sweep = await asyncio.gather(
        read(f"{address}/losses", {"max_points": EPOCHS_SHOWN}), read(f"/sweeps/{run['sweep']}")
    )
    smallest = run["metrics"].get("train_loss", {}).get("min")
    return {
        "run": run,
        "losses": losses,
        "sweep": sweep,
        "scale": first_scale([smallest]),
        "kept": KEPT.get(sweep["keep_weights"], ()) if run["links"]["weights"] else (),
        "verifiable": run["state"] in VERIFIABLE,
        **await _network(read, run, sweep),
    }


async def _network(read: Reader, run: Document, sweep: Document) -> Document:
    """What a trained network takes and answers; nothing where there is none."""
    if not run["links"]["weights"] or not sweep["dataset"]:
        return {"columns": [], "left_out": [], "labels": [], "layers": 0}
    dataset, fitted = await asyncio.gather(
        read(f"/datasets/{sweep['dataset']['id']}"), read(f"/sweeps/{sweep['id']}/preprocessing")
    )
    taken = [feature["column"] for feature in fitted.get("features", ())]
    known = {column["name"]: column for column in dataset["columns"]}
    return {
        "columns": [known[name] for name in taken[:MOST_COLUMNS]],
        "left_out": taken[MOST_COLUMNS:],
        "labels": fitted.get("target", {}).get("labels", ()),
        "layers": len(run["configuration"].get("hidden_layers", ())) + 1,
    }
