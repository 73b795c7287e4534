"""The numbers of a run's metrics that have a column of their own, so that they can be filtered and sorted by.

The last epoch's losses and scores are not here: they have had theirs from the beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.planning.measurements import SCORES, non_finite_code

Path = tuple[str, str]  # of a metric's kind in the stored document: ("validation_loss", "best")

EXTREMES = ("best", "min", "max")
# Known at the end alone: F1 of classes, errors of numbers in the user's units.
AT_THE_END = tuple(
    f"{rows}_{name}" for rows in ("validation", "test") for name in ("macro_f1", "mae", "rmse")
)
# By column, where its number stands: a score under the name of either task.
NUMBER_COLUMNS: Mapping[str, tuple[Path, ...]] = {
    **{
        f"{rows}_loss_{kind}": ((f"{rows}_loss", kind),)
        for rows in ("train", "validation")
        for kind in EXTREMES
    },
    **{
        f"{rows}_score_{kind}": tuple((f"{rows}_{score}", kind) for score in SCORES.values())
        for rows in ("train", "validation")
        for kind in EXTREMES
    },
    **{name: ((name, "last"),) for name in AT_THE_END},
}
NO_NUMBERS: Mapping[str, None] = dict.fromkeys(NUMBER_COLUMNS)
_EMPTY: Mapping[str, Any] = {}


def number_columns(metrics: Mapping[str, Any]) -> dict[str, float | None]:
    """The columns that belong beside a run's stored metrics: null where a number is missing or not finite."""
    found: dict[str, float | None] = {}
    for column, paths in NUMBER_COLUMNS.items():
        value = None
        for name, kind in paths:
            value = metrics.get(name, _EMPTY).get(kind)
            if value is not None:
                break
        found[column] = None if value is None or isinstance(value, str) or non_finite_code(value) else value
    return found
