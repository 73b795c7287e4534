"""The worked example's network, or another small one, stepped through forward and backward."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response

from service.dashboard.learn.losses import loss_curve
from service.dashboard.learn.moments import moments
from service.dashboard.learn.network_drawing import draw
from service.dashboard.learn.network_form import (
    ACTIVATIONS,
    CURVE_STEPS,
    PRESETS,
    NetworkForm,
    UnreadableShape,
    stepped,
)
from service.dashboard.reading import Reader, Refused
from service.dashboard.rendering import page

TEMPLATE = "learn/backpropagation.html"

router = APIRouter()


@router.get("/learn/backpropagation")
async def backpropagation(request: Request) -> Response:
    """One step of backpropagation, drawn and written out moment by moment."""
    context: dict[str, Any] = {"presets": PRESETS, "activations": ACTIVATIONS, "shown": None}
    try:
        form = NetworkForm.of(request.query_params)
    except UnreadableShape as mistake:
        context |= {"form": NetworkForm.of({}), "faults": [{"path": "sizes", "message": str(mistake)}]}
        return page(TEMPLATE, context)
    try:
        context |= {"shown": await _read(Reader(request), form), "faults": []}
    except Refused as refused:  # a form is shown again with what is wrong in it
        context["faults"] = refused.told
    return page(TEMPLATE, context | {"form": form})


async def _read(read: Reader, form: NetworkForm) -> dict[str, Any]:
    trace, repeated = await asyncio.gather(
        read.post("/trace", form.request(1)), read.post("/trace", form.request(CURVE_STEPS))
    )
    told = moments(trace)
    return {
        "trace": trace,
        "moments": told,
        "drawing": draw(trace, told),
        "losses": loss_curve(repeated["losses"]),
        "next": stepped(form, trace["parameters"]),
    }
