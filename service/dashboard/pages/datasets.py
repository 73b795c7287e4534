"""Datasets: all that a sweep may name, and one with its columns, first rows and the sweeps that use it."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from service.dashboard.pages.answers import shown
from service.dashboard.reading import Document, Reader

DATASETS_SHOWN = 50
ROWS_SHOWN = 20
MOST_COLUMNS = 500  # of a page; the interface has them all
USES_SHOWN = 50

router = APIRouter()

Cursor = Annotated[str | None, Query(max_length=500)]


@router.get("/datasets")
async def datasets(request: Request, cursor: Cursor = None) -> Response:
    """All datasets, one's own first, and a form to upload another."""
    return await shown("datasets.html", _list(Reader(request), cursor))


@router.get("/datasets/{dataset}")
async def dataset(request: Request, dataset: str) -> Response:
    """One dataset: what its columns hold, its first rows, and who uses it."""
    return await shown("dataset.html", _one(Reader(request), dataset))


async def _list(read: Reader, cursor: str | None) -> Document:
    found = await read("/datasets", {"limit": DATASETS_SHOWN, "cursor": cursor})
    return {
        "datasets": found,
        "cursor": cursor,
        "address": read.address,
        "token_file": read.token_file,
    }


async def _one(read: Reader, name_or_id: str) -> Document:
    address = f"/datasets/{quote(name_or_id, safe='')}"
    found, preview = await asyncio.gather(read(address), read(f"{address}/preview", {"rows": ROWS_SHOWN}))
    uses = await read(
        "/sweeps",
        {"filter": f"attributes.dataset_hash = '{found['content_hash']}'", "limit": USES_SHOWN},
    )
    # Another dataset may have the same content under another name.
    used_by = [sweep for sweep in uses["items"] if sweep["dataset"]["id"] == found["id"]]
    return {
        "dataset": found,
        "preview": preview,
        "columns": found["columns"][:MOST_COLUMNS],
        "used_by": used_by,
        "more_uses": uses["next_cursor"] is not None,
    }
