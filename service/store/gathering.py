"""Gathering what the curves and summaries of a large sweep are worked out from, out of all its rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from service.planning.measurements import COLUMNS, MOST_RECORDED_EPOCHS
from service.planning.statuses import Role
from service.store.curve_queries import is_of_all_runs
from service.store.gathered import Arrays
from service.store.schema import LossRow, Run

ROWS_AT_ONCE = 50_000  # losses that one statement looks at
MOST_CELLS = 500_000  # configurations times epochs: gathering takes some 0.7 kB of memory for each


def gather_curves(
    session: Session, sweep_key: int, *, stops: Callable[[], bool] = lambda: False
) -> Mapping[str, Arrays] | None:
    """By column of losses, its finite values per configuration and epoch, over the runs of the search.

    `configurations` has keys, `epochs` is sorted; `n`, `sum`, `low` and `high` are (configurations, epochs),
    and `there`, which says where a run has a row at all. None if it has to stop before. Nothing of a
    sweep with more than MOST_CELLS: its curves are read row by row.
    """
    sizes = session.execute(
        select(Run.configuration_id, func.sum(Run.epoch))
        .where(Run.sweep_id == sweep_key, Run.role == Role.SEARCH)
        .group_by(Run.configuration_id)
        .order_by(Run.configuration_id)
    ).all()
    longest = session.scalar(
        select(func.max(Run.epoch)).where(Run.sweep_id == sweep_key, Run.role == Role.SEARCH)
    )
    if len(sizes) * min(longest or 0, MOST_RECORDED_EPOCHS) > MOST_CELLS:
        return {}
    keys = np.array([key for key, _ in sizes], dtype=np.int64)
    pieces = []
    for part in _parts(sizes):
        if stops():
            return None
        pieces.append(_piece(session, sweep_key, part))
    table = np.concatenate(pieces) if pieces else np.empty((0, 2 + 4 * len(COLUMNS)))
    epochs = np.unique(table[:, 1]).astype(np.int64)
    places = np.searchsorted(keys, table[:, 0]), np.searchsorted(epochs, table[:, 1])
    found = {}
    for number, name in enumerate(COLUMNS):
        arrays: dict[str, NDArray[Any]] = {"configurations": keys, "epochs": epochs}
        for place, measure in enumerate(("n", "sum", "low", "high")):
            grid = np.full((len(keys), len(epochs)), 0.0 if measure == "n" else np.nan)
            grid[places] = table[:, 2 + 4 * number + place]
            arrays[measure] = grid
        found[name] = {**arrays, "there": _mark(places, arrays["n"].shape)}
    return found


def _parts(sizes: Sequence[Any]) -> Sequence[Sequence[int]]:
    """Configurations whose runs together have about so many losses as one statement is to look at."""
    parts: list[list[int]] = [[]]
    rows = 0
    for key, size in sizes:
        if parts[-1] and rows + size > ROWS_AT_ONCE:
            parts.append([])
            rows = 0
        parts[-1].append(key)
        rows += size
    return parts if parts[0] else ()


def _piece(session: Session, sweep_key: int, configurations: Sequence[int]) -> NDArray[np.float64]:
    table = LossRow.__table__.c
    columns = [
        measure(table[name]) for name in COLUMNS for measure in (func.count, func.sum, func.min, func.max)
    ]
    rows = session.connection().execute(
        select(Run.configuration_id, table.epoch, *columns)
        .join(LossRow, LossRow.run_id == Run.id)
        .where(
            Run.sweep_id == sweep_key,
            Run.role == Role.SEARCH,
            Run.configuration_id.in_(configurations),
            is_of_all_runs(),
        )
        .group_by(Run.configuration_id, table.epoch)
    )
    return np.array(rows.all(), dtype=np.float64).reshape(-1, 2 + len(columns))


def _mark(places: tuple[NDArray[np.intp], NDArray[np.intp]], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    found = np.zeros(shape, dtype=bool)
    found[places] = True
    return found
