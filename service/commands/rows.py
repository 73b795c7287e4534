"""Rows of a CSV file as JSON carries them: each cell is what the dataset's column of that name is made of."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from service.datasets.cells import MISSING, NUMBER

Cell = str | float | bool | None


def kinds(preprocessing: Mapping[str, Any]) -> dict[str, str]:
    """`number`, `boolean` or `text` for each feature of a sweep; a function has none."""
    return {feature["column"]: feature.get("kind", "text") for feature in preprocessing.get("features", ())}


def read_rows(file: Path, kinds: Mapping[str, str]) -> list[dict[str, Cell]]:
    """The rows of a file; what does not fit its column stays text, for the service to refuse by its place.

    Raises: ValueError for a row that has more or fewer cells than the header.
    """
    with file.open(encoding="utf-8-sig", newline="") as text:
        lines = csv.reader(text)
        names = [name.strip() for name in next(lines, [])]
        rows = []
        for cells in filter(None, lines):
            if len(cells) != len(names):
                raise ValueError(
                    f"{file}: line {lines.line_num} has {len(cells)} cells, and the header has {len(names)}"
                )
            pairs = zip(names, cells, strict=True)
            rows.append({name: _cell(cell, kinds.get(name, "text")) for name, cell in pairs})
    return rows


def _cell(text: str, kind: str) -> Cell:
    cell = text.strip()
    if kind == "text":
        return None if cell in MISSING - {""} else text  # an empty text may be a category of its own
    if cell in MISSING:
        return None
    if kind == "boolean" and cell.lower() in ("true", "false"):
        return cell.lower() == "true"
    if kind == "number" and NUMBER.fullmatch(cell) and math.isfinite(value := float(cell)):
        return value
    return text
