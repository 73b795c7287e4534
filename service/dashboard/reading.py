"""Pages read what everybody can read: each asks the public API in process, with its visitor's own cookie."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import httpx
from fastapi import Request

from service.planning.statuses import RUN_STEPS, Cause, Intent, SweepState

ROOT = "/api/v1"
SWEEPS_SHOWN = 50
RUNS_SHOWN = 25
EPOCHS_SHOWN = 40
FORWARDED = ("authorization", "cookie", "host")

Document = dict[str, Any]
Query = Mapping[str, str | int | None]


class Refused(Exception):
    """The API answered with something else than success."""

    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        self.detail = detail
        super().__init__(f"{status}: {detail}")


class Reader:
    """One visitor's view of the API; the application is called directly, without a socket."""

    def __init__(self, request: Request) -> None:
        forwarded = {name: request.headers[name] for name in FORWARDED if name in request.headers}
        self.address = f"{request.url.scheme}://{request.url.netloc}"
        self.token_file = shlex.quote(str(request.app.state.context.settings.token_file))
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=request.app, client=request.client or ("127.0.0.1", 0)),
            base_url=self.address + ROOT,
            headers={**forwarded, "Accept": "application/json"},
        )

    async def __call__(self, path: str, query: Query | None = None) -> Document:
        """The document at `path` below /api/v1.

        Raises:
            Refused: the API answered with another status than 200.
        """
        given = {name: item for name, item in (query or {}).items() if item is not None}
        response = await self._client.get(path, params=given)
        document: Document = response.json()
        if response.status_code != httpx.codes.OK:
            raise Refused(response.status_code, str(document.get("detail") or document.get("title")))
        return document


async def sweeps_page(read: Reader, cursor: str | None) -> Document:
    """What the list of sweeps shows."""
    sweeps = await read("/sweeps", {"limit": SWEEPS_SHOWN, "cursor": cursor})
    return {"sweeps": sweeps, "cursor": cursor, "address": read.address, "token_file": read.token_file}


async def sweep_page(read: Reader, sweep_id: str, order_by: str, cursor: str | None) -> Document:
    """What the page of one sweep shows."""
    address = f"/sweeps/{quote(sweep_id, safe='')}"
    sweep = await read(address)
    query: Query = {"sweep": sweep["id"], "order_by": order_by, "limit": RUNS_SHOWN, "cursor": cursor}
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
    return {"sweep": sweep, "scale": _scale(losses), **shown}


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


async def run_page(read: Reader, run_id: str) -> Document:
    """What the page of one run shows."""
    address = f"/runs/{quote(run_id, safe='')}"
    run = await read(address)
    losses, sweep = await asyncio.gather(
        read(f"{address}/losses", {"max_points": EPOCHS_SHOWN}), read(f"/sweeps/{run['sweep']}")
    )
    smallest = run["metrics"].get("train_loss", {}).get("min")
    return {"run": run, "losses": losses, "sweep": sweep, "scale": _scale([smallest])}


def _scale(losses: Iterable[object]) -> str:
    """The scale that losses are first shown on: a function's may be negative, and have no logarithm."""
    return "linear" if any(isinstance(loss, float | int) and loss < 0 for loss in losses) else "log"
