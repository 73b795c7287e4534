"""What one epoch of one run measured, in the form in which it is stored, and its extremes so far."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, NamedTuple

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


def is_better(value: float, than: float | None, goal: Literal["minimize", "maximize"]) -> bool:
    """Whether `value` beats the best so far; a NaN never does, the first finite value does."""
    if math.isnan(value):
        return False
    if than is None:
        return True
    return value < than if goal == "minimize" else value > than


class RunMetrics:
    """Last, smallest and largest value of each metric, and its value at the objective's best epoch.

    Beside these stand the epoch of the best, and lists: `layers`, what the last epoch's last step did to each
    layer, and what the test says in detail.
    """

    def __init__(
        self, task: str, objective: str, goal: Literal["minimize", "maximize"], document: Mapping[str, Any]
    ) -> None:
        names = [public_name(column, task) for column in COLUMNS[:4]]
        stored = {
            name: {kind: float(value) for kind, value in kinds.items()}
            for name, kinds in metric_kinds(document).items()
        }
        self._objective, self._goal = names.index(objective) if objective in names else None, goal
        self.best_epoch: int | None = document.get("best_epoch")
        self._measured = [_Extremes.of(name, stored.pop(name, {})) for name in names]
        self._others = stored
        self._arrival: Mapping[str, Any] | None = document.get(ARRIVAL)
        self._screened: Mapping[str, Any] | None = document.get(SCREENED)
        self._lists = {name: kept for name, kept in document.items() if isinstance(kept, list)}

    @property
    def last_values(self) -> tuple[float | None, ...]:
        """What the run is worth so far, in the order of the first four `COLUMNS`: the last of each."""
        return tuple(measured.last for measured in self._measured)

    def add(self, measurement: Measurement) -> None:
        """Take in one more epoch; they come in their order, and a value that one lacks stays as it was."""
        values = measurement.values
        aim = None if self._objective is None else values[self._objective]
        is_best = aim is not None and is_better(aim, self._measured[self._objective or 0].best, self._goal)
        if is_best:
            self.best_epoch = measurement.epoch
        for measured, value in zip(self._measured, values[:4], strict=True):
            if value is not None:
                measured.last = value
                if value < measured.least or measured.least != measured.least:
                    measured.least = value
                if value > measured.most or measured.most != measured.most:
                    measured.most = value
            if is_best:  # what this epoch did not measure has no value at the best
                measured.best = value

    def restore(self, measurement: Measurement) -> None:
        """Make an earlier epoch's values the run's: its weights are those that were restored (rule R1)."""
        for measured, value in zip(self._measured, measurement.values[:4], strict=True):
            if value is not None:
                measured.last = value

    def add_layers(self, layers: Sequence[Mapping[str, float]]) -> None:
        """Take in what the last step of the newest epoch did to each layer."""
        self._lists["layers"] = [
            {name: json_number(value) for name, value in layer.items()} for layer in layers
        ]

    def add_final(self, values: Mapping[str, float], lists: Mapping[str, list[Any]] | None = None) -> None:
        """Take in what exists only at the end, such as metrics on the test rows and their details."""
        for name, value in values.items():
            self._others[name] = {"last": value}
        self._lists.update(lists or {})

    def add_arrival(self, arrival: Mapping[str, Any]) -> None:
        """Take in where a run over a function has ended."""
        self._arrival = arrival

    def add_screened(self, screened: Mapping[str, Any]) -> None:
        """Take in what a range test found."""
        self._screened = screened

    def document(self) -> dict[str, Any]:
        """The metrics as stored, non-finite values as strings."""
        stored: dict[str, Any] = {
            name: {kind: json_number(value) for kind, value in kinds.items()} for name, kinds in self._kinds()
        }
        if self.best_epoch is not None:
            stored["best_epoch"] = self.best_epoch
        if self._arrival is not None:
            stored[ARRIVAL] = dict(self._arrival)
        if self._screened is not None:
            stored[SCREENED] = dict(self._screened)
        return stored | self._lists

    def _kinds(self) -> Iterator[tuple[str, Mapping[str, float]]]:
        for measured in self._measured:
            if measured.last is not None:
                kinds = {"min": measured.least, "max": measured.most, "last": measured.last}
                yield measured.name, kinds if measured.best is None else {**kinds, "best": measured.best}
        yield from self._others.items()


@dataclass(slots=True)
class _Extremes:
    """What is remembered of one column; the least and the most are NaN until there is a number."""

    name: str
    last: float | None = None
    least: float = math.nan
    most: float = math.nan
    best: float | None = None

    @classmethod
    def of(cls, name: str, kinds: Mapping[str, float]) -> _Extremes:
        nan = math.nan
        return cls(name, kinds.get("last"), kinds.get("min", nan), kinds.get("max", nan), kinds.get("best"))
