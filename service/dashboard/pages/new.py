"""The page that a new sweep is put together on: from the start, or from what was submitted before."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from core.fields import FIELDS, Field
from service.dashboard.pages.answers import shown
from service.dashboard.reading import Document, Reader
from service.errors import InvalidSubmission
from service.planning import sweep_file
from service.planning.configurations import FUNCTION, RULES

DATASETS_SHOWN = 200
SUGGESTED: dict[str, Any] = {
    "seeds": 10,
    "parameters": {
        "learning_rate": {"distribution": "log_uniform_values", "min": 0.001, "max": 10, "count": 13},
        "hidden_layers": [32],
        "epochs": 30,
    },
}
FIRST_DATASET = "digits"

router = APIRouter()

Source = Annotated[str | None, Query(alias="from", max_length=100)]
Name = Annotated[str | None, Query(max_length=200)]


@router.get("/new")
async def new(request: Request, source: Source = None, dataset: Name = None) -> Response:
    """A form for a new sweep, with what it will create and the JSON that it sends."""
    return await shown("new.html", _read(Reader(request), source, dataset))


async def _read(read: Reader, source: str | None, dataset: str | None) -> Document:
    submitted = None if source is None else await read(f"/sweeps/{quote(source, safe='')}")
    datasets = await read("/datasets", {"limit": DATASETS_SHOWN})
    start = {"dataset": dataset or FIRST_DATASET, **SUGGESTED}
    return {
        "source": submitted,
        "text": json.dumps(start) if submitted is None else as_json(submitted),
        "datasets": datasets["items"],
        "fields": [described(field) for field in FIELDS.values()],
        "address": read.address,
        "token_file": read.token_file,
    }


def as_json(sweep: Document) -> str:
    """The submitted text; of YAML the JSON that says the same, since forms write JSON."""
    text: str = sweep["submitted"]
    if sweep["media_type"] != sweep_file.YAML:
        return text
    try:
        return json.dumps(sweep_file.read(text.encode(), sweep_file.YAML), ensure_ascii=False)
    except InvalidSubmission:  # by the rules of another version
        return text


def described(field: Field) -> Document:
    """A field of a configuration, as a form asks for it."""
    choices = [choice for choice in field.choices if choice != "range_test"]
    return {
        "name": field.name,
        "kind": field.kind,
        "allowed": ", ".join(choices) if choices else field.allowed,
        "text": field.text,
        "default": json.dumps(field.default),
        "choices": choices or (["false", "true"] if field.kind == "flag" else []),
        "minimum": field.minimum,
        "maximum": field.maximum,
        "of_functions": field.name in RULES[FUNCTION].fields,
    }
