"""Runs as points: settings once, and a short row for each run."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from service.api.schemas.shape import NextCursor, Shape
from service.store.point_queries import POINT_COLUMNS


class Points(Shape):
    """Runs of a sweep's search by their numbers, in rows of `columns`."""

    sweep: str
    metric: str = Field(description="The sweep's; a row's `value` is its last, null where it is not finite.")
    settings: list[dict[str, Any]] = Field(description="Those that occur here; a row has the place of its.")
    columns: list[str] = Field(examples=[list(POINT_COLUMNS)])
    rows: list[list[str | int | float | bool | None]]
    next_cursor: NextCursor
