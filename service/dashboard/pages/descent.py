"""Gradient descent on a function of one variable, and on it at every learning rate at once."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from service.dashboard.learn.descent_drawing import draw
from service.dashboard.learn.descent_form import PRESETS, STEPS, DescentForm
from service.dashboard.reading import Reader, Refused
from service.dashboard.rendering import page

router = APIRouter()


@router.get("/learn/descent")
async def descent(request: Request) -> Response:
    """One descent drawn on its curve, and the picture of all learning rates."""
    form = DescentForm.of(request.query_params)
    context: dict[str, Any] = {"form": form, "presets": PRESETS, "steps": STEPS, "drawing": None}
    context["faults"] = form.faults()
    if not context["faults"]:
        try:
            found = await Reader(request).post("/trajectories", form.request())
            context["drawing"] = draw(found, form.number("left"), form.number("right"))
        except Refused as refused:  # a form is shown again with what is wrong in it
            context["faults"] = refused.told
    return page("learn/descent.html", context)
