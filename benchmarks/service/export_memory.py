"""How much more memory the API process has while it exports one sweep's 5,000,000 loss rows than before."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from benchmarks.service.api_process import peak_resident, resident, served
from benchmarks.service.store_fill import fill
from benchmarks.service.store_shapes import Shape
from benchmarks.tables import markdown
from service.lifecycle.owners import LOCAL_OWNER
from service.store.database import Database
from service.store.migrate import upgrade

MOST_MEGABYTES = 128  # that an export may add to what the process had before
SHAPE = Shape("5,000 runs of 1,000 epochs", 250, 2, 1000)
FORMATS = ("csv", "jsonl", "parquet")


def measure_exports(folder: Path) -> list[dict[str, Any]]:
    """Export all losses in each format, each from a process of its own, with SQLite."""
    url = f"sqlite:///{folder}/exported.db"
    database = Database(url)
    upgrade(database)
    done = fill(database, LOCAL_OWNER, [SHAPE])
    database.dispose()
    return [_export(url, folder, done.sweeps[SHAPE.name], form) for form in FORMATS]


def _export(url: str, folder: Path, sweep: str, form: str) -> dict[str, Any]:
    with served(url, folder) as api:
        _warm(api.client, form)
        path, parameters = f"/api/v1/sweeps/{sweep}/export", {"what": "losses", "format": form}
        began, before = time.perf_counter(), resident(api.process)
        with peak_resident(api.process) as peak, api.client.stream("GET", path, params=parameters) as answer:
            answer.raise_for_status()
            size = sum(len(block) for block in answer.iter_bytes())
        seconds = time.perf_counter() - began
    return {
        "format": form,
        "rows": SHAPE.runs * SHAPE.epochs,
        "bytes": size,
        "seconds": seconds,
        "before": before,
        "peak": peak[0],
    }


def _warm(client: httpx.Client, form: str) -> None:
    """Load what every process has after its first minutes, and what an export of this kind needs."""
    client.get("/api/v1/runs", params={"limit": 100}).raise_for_status()
    client.get("/api/v1/runs/export", params={"format": form, "filter": "number <= 100"}).raise_for_status()


def missed_exports(found: list[dict[str, Any]]) -> Iterator[str]:
    """What took more than is allowed."""
    for each in found:
        if (added := (each["peak"] - each["before"]) / 1e6) > MOST_MEGABYTES:
            yield f"export as {each['format']}: {added:.0f} MB more, at most {MOST_MEGABYTES} are asked"


def exports_table(found: list[Mapping[str, Any]]) -> str:
    """One row for each format."""
    rows = [
        (
            each["format"],
            f"{each['rows']:,}",
            f"{each['bytes'] / 1e6:,.0f}",
            f"{each['seconds']:.0f}",
            f"{each['before'] / 1e6:.0f}",
            f"{each['peak'] / 1e6:.0f}",
            f"{(each['peak'] - each['before']) / 1e6:.0f}",
        )
        for each in found
    ]
    return markdown(("format", "rows", "MB sent", "seconds", "MB before", "MB at its peak", "MB added"), rows)
