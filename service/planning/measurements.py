"""What one epoch of one run measured, in the form in which it is stored."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

MOST_RECORDED_EPOCHS = 1_000
SCORES = {"classification": "accuracy", "regression": "r2"}  # by task; a function has none
SCREENED = "screened"  # stands among a run's metrics, and says what a range test found
ARRIVAL = "arrival"  # stands among a run's metrics, and says where a run over a function has ended
COLUMNS = (
    "train_loss",
    "train_score",
    "validation_loss",
    "validation_score",
    "learning_rate",
    "gradient_norm",
    "update_ratio",
)
ROW = ("run_id", "epoch", *COLUMNS, "non_finite")
NAN, POSITIVE, NEGATIVE = 1, 2, 3  # codes of values that are not finite, two bits each
NON_FINITE_WORDS = {NAN: "NaN", POSITIVE: "Infinity", NEGATIVE: "-Infinity"}


class Measurement(NamedTuple):
    """One epoch of one run; the values are in the order of `COLUMNS`, None where there is none."""

    run_id: int
    epoch: int
    values: tuple[float | None, ...]

    def as_row(self) -> tuple[int | float | None, ...]:
        """The row of `losses`, as `ROW` says: what is not finite is null, and its code says what it was."""
        values = self.values
        codes = 0
        # What is added up is finite only if all of it is; `filter` leaves out what is missing, and zeros.
        if not math.isfinite(sum(filter(None, values))):
            found = [non_finite_code(value) for value in values]
            codes = sum(code << (2 * position) for position, code in enumerate(found))
            values = tuple(None if code else value for code, value in zip(found, values, strict=True))
        return (self.run_id, self.epoch, *values, codes)


@cache
def public_name(column: str, task: str) -> str:
    """The name of a column of losses and scores under which people know it: `validation_accuracy`."""
    return column.replace("score", SCORES.get(task, "score"))


def metric_kinds(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The metrics of a run's stored document, each with its last, best, smallest and largest value."""
    return {
        name: kinds
        for name, kinds in document.items()
        if isinstance(kinds, dict) and name not in (ARRIVAL, SCREENED)
    }


def non_finite_code(value: float | None) -> int:
    """0 for a finite value or none, else 1 NaN, 2 Infinity, 3 -Infinity."""
    if value is None or math.isfinite(value):
        return 0
    if math.isnan(value):
        return NAN
    return POSITIVE if value > 0 else NEGATIVE


def decode(row: Mapping[str, Any]) -> list[float | None]:
    """The values of a `losses` row in the order of `COLUMNS`, non-finite ones restored."""
    codes = row["non_finite"]
    return [
        float(NON_FINITE_WORDS[code].lower()) if (code := codes >> (2 * position) & 3) else row[column]
        for position, column in enumerate(COLUMNS)
    ]


def json_number(value: float | None) -> float | str | None:
    """The form of a float in JSON: non-finite values are the strings NaN, Infinity and -Infinity."""
    code = non_finite_code(value)
    return NON_FINITE_WORDS[code] if code else value


def is_recorded(epoch: int, epochs: int) -> bool:
    """Whether this epoch's row is kept: all of them up to 1,000, then evenly, always the last one."""
    return epoch % stride(epochs) == 0 or epoch in (1, epochs)


def stride(epochs: int) -> int:
    """From one recorded epoch to the next, in a run of so many."""
    return -(-epochs // MOST_RECORDED_EPOCHS)
