"""The words in which a sweep's answer is told: its settings, what it holds for, and its numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from service.planning.significant import labels, percent, significant
from service.planning.statistics import Interval, Side, is_number
from service.planning.summary import Summary

LONGEST_LIST = 6  # parts of a set that are listed; longer sets are counted
CAPITALS = {"r2": "R2", "rmse": "RMSE", "mae": "MAE", "f1": "F1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an answer holds for; None where it varies or does not apply."""

    epochs: int | None = None
    batch_size: int | str | None = None
    optimizer: str | None = None
    loss: str | None = None
    screening: str | None = None  # the answer of range tests, which is no comparison


class Words:
    """How this sweep's settings are called."""

    def __init__(self, summary: Summary) -> None:
        self._summary = summary
        self.group_by = summary.group_by
        self.by_rate_alone = summary.group_by == ("learning_rate",)
        self.noun = "rate" if self.by_rate_alone else "setting"

    @cached_property
    def grids(self) -> Mapping[str, list[float]]:
        """Each parameter's numbers, sorted."""
        return {name: _grid(self._summary, name) for name in self.group_by}

    @cached_property
    def labels(self) -> Mapping[str, Mapping[float, str]]:
        """What each of these numbers is called."""
        return {name: labels(grid) for name, grid in self.grids.items()}

    def value(self, name: str, value: object) -> str:
        """One value of a parameter, with digits enough to tell it from its neighbours on the grid."""
        if is_number(value):
            return self.labels[name][value]
        if isinstance(value, tuple):
            return f"[{', '.join(map(str, value))}]"
        return str(value).lower() if isinstance(value, bool) else str(value)

    def setting(self, setting: Mapping[str, object]) -> str:
        """A rate alone is its number; else every parameter is named that the setting uses."""
        if self.by_rate_alone:
            return self.value("learning_rate", setting["learning_rate"])
        used = [(name, value) for name, value in setting.items() if value is not None]
        return ", ".join(f"{name.replace('_', ' ')} {self.value(name, value)}" for name, value in used)


def _grid(summary: Summary, name: str) -> list[float]:
    return sorted({value for setting in summary.settings if is_number(value := setting.setting[name])})


def conditions(summary: Summary, context: Context) -> str:
    """` at 30 epochs (batch 32, sgd, cross-entropy)`; what varies inside a setting is called varied."""
    batch = f"batch {context.batch_size}" if context.batch_size != "full" else "full batch"
    told = {
        "batch_size": batch if context.batch_size is not None else None,
        "optimizer": context.optimizer,
        "loss": context.loss and context.loss.replace("_entropy", "-entropy").replace("_", " "),
    }
    parts = [
        text or (f"varied {name_text(name)}" if name in summary.pooled else None)
        for name, text in told.items()
    ]
    inside = ", ".join(part for part in parts if part)
    epochs = count(context.epochs, "epoch") if context.epochs is not None else ""
    epochs = epochs or ("varied epochs" if "epochs" in summary.pooled else "")
    return (f" at {epochs}" if epochs else "") + (f" ({inside})" if inside else "")


def stretches(grid: Sequence[float], inside: Sequence[float], label: Callable[[float], str]) -> list[str]:
    """The values inside, in order; three or more neighbours on the grid are written `first to last`."""
    members, runs = frozenset(inside), list[list[float]]()
    for before, value in zip([None, *grid], grid, strict=False):
        if value not in members:
            continue
        if runs and before is not None and runs[-1][-1] == before:
            runs[-1].append(value)
        else:
            runs.append([value])
    parts: list[str] = []
    for run in runs:
        parts += [f"{label(run[0])} to {label(run[-1])}"] if len(run) > 2 else [label(value) for value in run]
    return parts


def outside(summary: Summary, words: Words) -> str:
    """Where the optimum may lie that nobody looked: a grid has an outside, what was drawn has only an end."""
    where = beyond(summary, words)
    if summary.is_drawn:
        return f"nothing was drawn {where}, where the optimum may lie"
    return f"the optimum may lie outside the grid, {where}"


def beyond(summary: Summary, words: Words) -> str:
    """On which side of what was tried the optimum may lie: `below 0.001 or above 10`."""
    told = []
    for edge in summary.edges:
        lowest, *_, highest = words.grids[edge.parameter]
        below = f"below {words.value(edge.parameter, lowest)}"
        above = f"above {words.value(edge.parameter, highest)}"
        sides: dict[Side, str] = {"low": below, "high": above, "both": f"{below} or {above}"}
        named = "" if len(words.group_by) == 1 else f"in {name_text(edge.parameter)} "
        told.append(f"{named}{sides[edge.side]}")
    return listed(told)


def measured(metric: str, found: Interval) -> str:
    """`test accuracy 96.8 % [94.7, 98.4]`; a mean without an interval stands alone."""
    if found.mean is None:
        return f"no {name_text(metric)}"
    text = f"{name_text(metric)} {value_text(metric, found.mean)}"
    if found.low is None or found.high is None:
        return text
    ends = (value_text(metric, end).removesuffix(" %") for end in (found.low, found.high))
    return f"{text} [{', '.join(ends)}]"


def value_text(metric: str, value: float) -> str:
    """A metric's value: a share in per cent, R2 to two decimals, a loss to its significant digits."""
    if metric.endswith(("accuracy", "macro_f1")):
        return f"{percent(value)} %"
    return f"{value:z.2f}" if metric.endswith("r2") else significant(value)


def name_text(name: str) -> str:
    """A field or metric in words: `test R2`."""
    return " ".join(CAPITALS.get(word, word) for word in name.split("_"))


def count(number: int, noun: str) -> str:
    """`1 seed`, `2 seeds`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def runs_in(summary: Summary) -> int:
    """The runs of the search."""
    return sum(setting.runs for setting in summary.settings)


def finished_in(summary: Summary) -> int:
    """Runs with an outcome of their own: not those that wait, train, failed or were canceled."""
    without = sum(setting.pending + setting.failed + setting.canceled for setting in summary.settings)
    return runs_in(summary) - without
