"""Losses as they are shown: one table per run, and one curve per setting over its seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field
from pydantic_core import to_json

from service.api.schemas.shape import NextCursor, Number, Shape
from service.store.curve_queries import SettingCurve
from service.store.loss_queries import LOSS_COLUMNS, RunLosses


class LossTable(Shape):
    """A run's recorded epochs: all up to 1,000, then evenly, always the last."""

    run: str
    columns: list[str] = Field(examples=[list(LOSS_COLUMNS)])
    score: str | None = Field(
        description="What the score columns hold: accuracy or r2; null for a function, which has no score."
    )
    rows: list[list[Number | None]]


class LossTables(Shape):
    """The losses of several runs, in the order that was asked for; a page ends after about 15,000 rows."""

    items: list[LossTable]
    next_cursor: NextCursor


class Curve(Shape):
    """One column of one setting: per epoch the mean, the lowest and the highest finite value of its runs."""

    setting: dict[str, Any]
    epochs: list[int]
    mean: list[float | None]
    low: list[float | None]
    high: list[float | None]
    n: list[int] = Field(description="How many runs have a finite value at that epoch.")


class Curves(Shape):
    """The curves of a sweep's settings, in the order of their first runs."""

    column: str
    items: list[Curve]
    next_cursor: NextCursor


def loss_table(losses: RunLosses) -> dict[str, Any]:
    """A `LossTable` as plain data: large tables are not validated cell by cell."""
    return {
        "run": losses.run,
        "columns": LOSS_COLUMNS,
        "score": losses.score,
        "rows": losses.rows,
    }


def written(tables: dict[str, Any]) -> bytes:
    """The text of plain data with losses: not finite ones are the strings NaN, Infinity and -Infinity.

    For 200 runs with 1,000 epochs that takes 0.11 s, where `json.dumps` and a look at each cell took 1.2.
    """
    return to_json(tables, inf_nan_mode="strings")


def curves_page(column: str, curves: Sequence[SettingCurve], next_cursor: str | None) -> bytes:
    """The text of `Curves`, which is not checked once more: a page may have 200,000 numbers."""
    items = [{name: getattr(each, name) for name in Curve.model_fields} for each in curves]
    page = {"column": column, "items": items, "next_cursor": next_cursor}
    return to_json(page, inf_nan_mode="strings")
