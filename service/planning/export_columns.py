"""What an export of runs or losses has in its columns: always the same names, in the same order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, get_type_hints

from core.configuration import Configuration, complete
from service.planning.measurements import ARRIVAL, COLUMNS, metric_kinds


class Kind(StrEnum):
    """What the cells of a column are; each may also be empty."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"  # a float64, not finite ones included
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class ExportColumn:
    """One column, and how a run's record has its value (of losses the rows are ready as they are)."""

    name: str
    kind: Kind
    value: Callable[[Mapping[str, Any]], Any]


# By task: what an epoch measures of the rows of a part, and what is known only at a run's end.
EPOCH_METRICS = {"classification": ("loss", "accuracy"), "regression": ("loss", "r2"), "function": ("loss",)}
FINAL_METRICS: Mapping[str, tuple[str, ...]] = {
    "classification": ("macro_f1",),
    "regression": ("mae", "rmse"),
    "function": (),
}
TASKS = tuple(EPOCH_METRICS)
PARTS = ("train", "validation", "test")
EXTREMES = ("best", "min", "max")
LOSS_COLUMNS: Sequence[tuple[str, Kind]] = (
    ("run", Kind.TEXT),
    ("number", Kind.INTEGER),
    ("role", Kind.TEXT),
    ("seed", Kind.INTEGER),
    ("epoch", Kind.INTEGER),
    *((name, Kind.NUMBER) for name in COLUMNS),
)


def run_columns(tasks: Iterable[str], fields: Iterable[str]) -> Sequence[ExportColumn]:
    """The columns for runs of these tasks whose configurations use these fields."""
    wanted, used = set(tasks), set(fields)
    return (
        *_BEGIN,
        *(column for name, column in _PARAMETERS.items() if name in used),
        *_metric_columns([task for task in TASKS if task in wanted]),
        *(_ARRIVAL if "function" in wanted else ()),
        *_END,
    )


def all_fields() -> Sequence[str]:
    """Every field of a configuration, in the order of its definition."""
    return tuple(_PARAMETERS)


def _own(name: str, kind: Kind, column: str | None = None) -> ExportColumn:
    return ExportColumn(column or name, kind, lambda record: record[name])


_BEGIN = (
    _own("run", Kind.TEXT),
    _own("sweep", Kind.TEXT),
    _own("number", Kind.INTEGER),
    _own("role", Kind.TEXT),
    _own("seed", Kind.INTEGER),
    _own("state", Kind.TEXT),
    _own("reason", Kind.TEXT),
    _own("epoch", Kind.INTEGER),
    _own("epochs", Kind.INTEGER),
    _own("configuration_hash", Kind.TEXT),
)
_END = (
    _own("best_epoch", Kind.INTEGER),
    _own("collapsed", Kind.FLAG),
    _own("diverged_step", Kind.INTEGER),
    _own("diverged_tensor", Kind.TEXT),
    _own("train_seconds", Kind.NUMBER),
    _own("environment_class", Kind.TEXT),
    _own("weights_sha256", Kind.TEXT),
    _own("reused_from", Kind.TEXT),
    _own("started_at", Kind.TEXT),
    _own("finished_at", Kind.TEXT),
)


def _arrival(name: str, kind: Kind) -> ExportColumn:
    return ExportColumn(
        f"arrival.{name}", kind, lambda record: (record["metrics"].get(ARRIVAL) or {}).get(name)
    )


_ARRIVAL = (
    _arrival("standing", Kind.TEXT),
    _arrival("converged", Kind.FLAG),
    _arrival("value", Kind.NUMBER),
    _arrival("derivative", Kind.NUMBER),
    _arrival("turns", Kind.INTEGER),
)


def _kind(hint: Any) -> Kind:
    names = str(hint)
    if "tuple" in names:
        return Kind.TEXT
    for name, kind in (("bool", Kind.FLAG), ("float", Kind.NUMBER), ("int", Kind.INTEGER)):
        if name in names:
            return kind
    return Kind.TEXT


def _parameter(name: str, kind: Kind) -> ExportColumn:
    def value(record: Mapping[str, Any]) -> Any:
        found = complete(record["configuration"]).get(name)
        if isinstance(found, list | tuple):
            return json.dumps(found, separators=(",", ":"))
        if kind is Kind.INTEGER and isinstance(found, str):
            return None  # the full batch
        return float(found) if kind is Kind.NUMBER and isinstance(found, int | float) else found

    return ExportColumn(f"params.{name}", kind, value)


_PARAMETERS = {name: _parameter(name, _kind(hint)) for name, hint in get_type_hints(Configuration).items()}


def _metric_columns(tasks: Sequence[str]) -> Sequence[ExportColumn]:
    measured = list(dict.fromkeys(name for task in tasks for name in EPOCH_METRICS[task]))
    final = list(dict.fromkeys(name for task in tasks for name in FINAL_METRICS[task]))
    parts = PARTS if set(tasks) - {"function"} else PARTS[:1]
    return [
        _metric(f"{part}_{name}", which)
        for part in parts
        for name in (*measured, *(() if part == "train" else final))
        for which in ("last", *(EXTREMES if name in measured and part != "test" else ()))
    ]


def _metric(name: str, which: str) -> ExportColumn:
    def value(record: Mapping[str, Any]) -> float | None:
        found = metric_kinds(record["metrics"]).get(name, {}).get(which)
        return None if found is None else float(found)  # the words NaN and Infinity, too

    return ExportColumn(f"metrics.{name}" + ("" if which == "last" else f".{which}"), Kind.NUMBER, value)
