"""A curve with fewer points that still shows every spike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.store.loss_queries import LOSS_COLUMNS, LossValues

Floats = NDArray[np.float64]

# Scores, rates and ratios follow these closely enough that the rows kept for them serve.
KEPT_FOR = tuple(LOSS_COLUMNS.index(name) for name in ("train_loss", "validation_loss", "gradient_norm"))
ROWS_PER_STRETCH = 2 * len(KEPT_FOR) + 1


def reduced(rows: Sequence[LossValues], most: int | None) -> Sequence[LossValues]:
    """At most `most` (at least 10) of `rows`, real ones in their order; the first and the last always stay.

    The rows are cut into stretches of equal length, as many as `most` allows. Of each those with the smallest
    and the largest train loss, validation loss and gradient norm stay, and its last. NaN is a largest value.
    """
    if most is None or len(rows) <= most:
        return rows
    table = np.array([[row[column] for column in KEPT_FOR] for row in rows], dtype=np.float64)
    missing = np.array([[row[column] is None for column in KEPT_FOR] for row in rows])
    table[np.isnan(table)] = np.inf
    surely_few = (most - 1) // ROWS_PER_STRETCH
    stretches = most // 2  # a curve that only falls needs two rows of each
    while len(places := _places(table, missing, stretches)) > most:
        stretches = max(surely_few, min(stretches - 1, stretches * most // len(places)))
    return [rows[place] for place in places]


def _places(table: Floats, missing: NDArray[np.bool_], stretches: int) -> NDArray[np.int64]:
    count = len(table)
    width = -(-count // stretches)
    starts = np.arange(0, count, width)
    lasts = np.minimum(starts + width, count) - 1
    smallest = _folded(np.where(missing, np.inf, table), width, np.inf).argmin(axis=1)
    largest = _folded(np.where(missing, -np.inf, table), width, -np.inf).argmax(axis=1)
    extremes = starts[:, None, None] + np.stack([smallest, largest], axis=1)
    return np.unique(np.concatenate([[0], lasts, extremes.ravel()]))


def _folded(table: Floats, width: int, padding: float) -> Floats:
    """(rows, columns) as (stretches, width, columns)."""
    short = -len(table) % width
    padded = np.pad(table, ((0, short), (0, 0)), constant_values=padding)
    return padded.reshape(-1, width, table.shape[1])
