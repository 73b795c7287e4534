"""A graph of variables: each path from one to another with its product, and their sum."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from service.dashboard.learn.graph_drawing import PATHS_DRAWN, draw
from service.dashboard.reading import Reader, Refused
from service.dashboard.rendering import page

LONGEST = 2_000  # characters
PRESETS = (
    ("Two paths", {"definitions": "a = 2\nb = a**2\nc = -7*a\nd = b*c"}),
    ("A chain", {"definitions": "a = 0.5\nb = 3*a**4\nc = sin(b)"}),
    ("The other way round", {"definitions": "x = 2\ny = x**3"}),
    (
        "A network is one, too",
        {
            "definitions": "w = 1\ni = 0.5\na = 0.5 + w*i\nc = -1*a\nd = 1*a\n"
            "p = tanh(c)\nq = tanh(d)\nloss = ((p - 0.5)**2 + (q - 1)**2)/2"
        },
    ),
    (
        "Eight paths",
        {"definitions": "x = 3\na = x**2\nb = x + 1\nc = a*b\nd = a - b\ny = c*d\nz = c + d\nf = y*z"},
    ),
)

router = APIRouter()


@router.get("/learn/variables")
async def variables(request: Request) -> Response:
    """The graph drawn, and the derivative as the sum over its paths."""
    query = request.query_params
    definitions = query.get("definitions", PRESETS[0][1]["definitions"])[:LONGEST].replace("\r\n", "\n")
    of, to = query.get("of", "").strip()[:40], query.get("to", "").strip()[:40]
    body = {"definitions": definitions, "of": of or None, "to": to or None, "listed": PATHS_DRAWN}
    context: dict[str, Any] = {"definitions": definitions, "of": of, "to": to, "faults": [], "found": None}
    context["presets"] = [(name, urlencode(preset)) for name, preset in PRESETS]
    try:
        found = await Reader(request).post("/derivatives", body)
        context |= {"found": found, "drawing": draw(found)}
    except Refused as refused:  # a form is shown again with what is wrong in it
        context["faults"] = refused.told
    return page("learn/variables.html", context)
