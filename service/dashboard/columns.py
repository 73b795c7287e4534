"""Columns of tables of runs: named as the query language names them, which is what the address holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.fields import FIELDS
from service.dashboard.wording import label
from service.planning.query.vocabulary import END_METRICS, EPOCH_METRICS, STATISTICS, TEST_METRICS

MOST = 40
# Heading, path in a run of the API, format.
ATTRIBUTES: Mapping[str, tuple[str, str, str]] = {
    "number": ("run", "number", "text"),
    "sweep_name": ("sweep", "sweep_name", "text"),
    "seed": ("seed", "seed", "text"),
    "state": ("state", "state", "text"),
    "epoch": ("epoch", "epoch", "count"),
    "best_epoch": ("best epoch", "best_epoch", "count"),
    "train_seconds": ("training time", "train_seconds", "duration"),
    "reason": ("reason", "reason", "text"),
    "started_at": ("started", "started_at", "instant"),
    "finished_at": ("finished", "finished_at", "instant"),
}
METRICS = tuple(
    name for name in (*EPOCH_METRICS, *END_METRICS) if name not in TEST_METRICS and "score" not in name
)
WORDED = frozenset({"sweep_name", "state", "reason"})  # left-aligned, as they are read and not compared


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `path` leads to its value in a run of the API, `form` is a format's name."""

    key: str
    heading: str
    path: str
    form: str

    @property
    def kind(self) -> str:
        """The class of its cells."""
        return "" if self.key in WORDED else "number"


def column(key: str) -> Column | None:
    """The column of this name, short or in full; None if there is none."""
    group, _, name = key.rpartition(".") if key.startswith("params.") else ("", "", key)
    if group == "params" and name in FIELDS:
        return Column(key, label(name), f"configuration.{name}", "parameter")
    if key in ATTRIBUTES:
        return Column(key, *ATTRIBUTES[key])
    metric, _, statistic = key.removeprefix("metrics.").partition(".")
    if key.startswith("metrics.") and metric in METRICS and statistic in ("", *STATISTICS):
        heading = label(metric) + (f", {statistic}" if statistic not in ("", "last") else "")
        form = "percent" if metric.endswith(("accuracy", "f1")) else "number"
        return Column(key, heading, f"metrics.{metric}.{statistic or 'last'}", form)
    return None


def columns(keys: Iterable[str], default: Sequence[str]) -> list[Column]:
    """The columns of an address, in its order, or else the default ones; what is no column is left out."""
    asked = [part.strip() for key in keys for part in key.split(",")]
    found = [known for key in dict.fromkeys(asked) if (known := column(key))]
    return (found or [known for key in default if (known := column(key))])[:MOST]


def metrics_of(task: str) -> Sequence[str]:
    """The metrics that runs of a task have: a function has one value before each step."""
    others = {
        "function": ("validation", "accuracy", "r2"),
        "regression": ("accuracy", "f1"),
        "classification": ("r2", "mae", "rmse"),
    }[task]
    return [name for name in METRICS if not any(part in name.split("_") for part in others)]


def choices(shown: Sequence[Column], metrics: Sequence[str] = METRICS) -> list[tuple[str, list[Column]]]:
    """All columns to choose from, in groups; those that are shown are among them."""
    groups = [
        ("Run", list(ATTRIBUTES)),
        ("Metrics", [f"metrics.{name}" for name in metrics]),
        ("Parameters", [f"params.{name}" for name in FIELDS]),
    ]
    offered = {key for _, keys in groups for key in keys}
    groups[1][1].extend(one.key for one in shown if one.key not in offered)
    return [(name, [known for key in keys if (known := column(key))]) for name, keys in groups]
