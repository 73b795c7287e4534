"""Every run of every sweep, by the query language."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service.dashboard.asked_runs import AskedRuns, RunsView
from service.dashboard.pages.answers import shown
from service.dashboard.reading import Document, Reader

COLUMNS = (
    "sweep_name",
    "number",
    "state",
    "params.learning_rate",
    "params.hidden_layers",
    "params.optimizer",
    "seed",
    "epoch",
    "metrics.validation_loss",
    "metrics.validation_accuracy",
)

router = APIRouter()


@router.get("/runs")
async def runs(request: Request, asked: Annotated[AskedRuns, Query()]) -> Response:
    """Every run of every sweep, the newest first unless another order is asked for."""
    return await shown("runs.html", _read(Reader(request), asked))


async def _read(read: Reader, asked: AskedRuns) -> Document:
    view = await RunsView.read(read, asked, COLUMNS)
    return {"view": view, "status": view.status}
