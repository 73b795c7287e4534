"""One sweep: the answer, how sure it is, and every run behind it."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from service.dashboard.asked_runs import AskedRuns, RunsView
from service.dashboard.columns import metrics_of
from service.dashboard.pages.answers import shown
from service.dashboard.ranking import SETTINGS_SHOWN, first_settings
from service.dashboard.reading import Document, Reader, first_scale
from service.planning.statuses import RUN_STEPS, Cause, Intent, SweepState

SCORES = {"regression": "validation_r2", "classification": "validation_accuracy"}

router = APIRouter()


class AskedSweep(AskedRuns):
    """The page's query: which of the runs, and whether all settings or the first by rank."""

    settings: str = ""

    def address(self, **changes: str | None) -> str:
        """The query of the same page with some of it changed."""
        return super().address(**{"settings": self.settings, **changes})


@router.get("/sweeps/{sweep_id}")
async def sweep(request: Request, sweep_id: str, asked: Annotated[AskedSweep, Query()]) -> Response:
    """One sweep: the answer, how sure it is, and every run behind it."""
    return await shown("sweep.html", _read(Reader(request), sweep_id, asked))


async def _read(read: Reader, sweep_id: str, asked: AskedSweep) -> Document:
    address = f"/sweeps/{quote(sweep_id, safe='')}"
    sweep = await read(address)
    runs = RunsView.read(read, asked, _columns(sweep), metrics=metrics_of(sweep["task"]), sweep=sweep["id"])
    summary, view = await asyncio.gather(read(f"{address}/summary"), runs)
    # What the modules work out the same way when they fill the page again.
    sweep["can"] = _requests(sweep)
    for setting in summary["settings"]:
        setting["among"] = setting["in_best_set"] and not setting["best"]
    loss = "train_loss" if sweep["function"] else "validation_loss"
    losses = [setting["metrics"].get(loss, {}).get("mean") for setting in summary["settings"]]
    most = None if asked.settings == "all" else SETTINGS_SHOWN
    objective = sweep["metric"]
    metric = objective["name"].split(".")[0]
    return {
        "sweep": sweep,
        "metric": metric,
        "settings": first_settings(summary["settings"], metric=metric, goal=objective["goal"], most=most),
        "settings_shown": most,
        "all_settings": asked.address(settings="all") + "#settings",
        "edge": _edge(summary),
        "scale": first_scale(losses),
        "summary": summary,
        "view": view,
        "token_file": read.token_file,
        "address": read.address,
        "status": view.status,
    }


def _edge(summary: Document) -> Document:
    """What a summary says of the end of a grid beyond which the optimum may lie, and what was tried."""
    edge = summary["edge"]
    if edge is None:
        return {"edge": None}
    name = edge["parameter"]
    tried = [{"setting": {name: setting["setting"][name]}} for setting in summary["settings"]]
    return {"edge": edge, "settings": tried}


def _columns(sweep: Document) -> list[str]:
    """What a table of the sweep's runs shows unless other columns are chosen."""
    varied = [f"params.{name}" for name in sweep["varied"]]
    if sweep["function"]:  # neither seeds nor a score
        return ["number", *varied, "state", "epoch", "metrics.train_loss"]
    score = f"metrics.{SCORES[sweep['task']]}"
    return ["number", *varied, "seed", "state", "epoch", "metrics.validation_loss", score]


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
