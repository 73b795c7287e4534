"""A sweep's answer: per setting over its seeds, the best, and the set that cannot be told apart from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backsweep_client.numbers import number

Setting = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over `n` seeds with its 95 % interval; the ends are None where there are too few seeds."""

    mean: float | None
    low: float | None
    high: float | None
    n: int
    survivors_only: bool = False

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Interval:
        """Read one of the summary's intervals."""
        mean, low, high = (number(document[name]) for name in ("mean", "low", "high"))
        return cls(mean, low, high, document["n"], bool(document.get("survivors_only", False)))


@dataclass(frozen=True, slots=True)
class BestResult:
    """The best setting by the sweep's metric, and that metric over its seeds."""

    setting: Setting
    interval: Interval

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> BestResult:
        """Read what a sweep carries with it."""
        return cls(document["setting"], Interval.of(document))


@dataclass(frozen=True, slots=True)
class SettingSummary:
    """One setting over its seeds; it has no hash where it stands for several configurations."""

    setting: Setting
    configuration_hash: str | None
    runs: int
    completed: int
    diverged: int
    collapsed: int
    failed: int
    pending: int
    eligible: bool
    best: bool
    in_best_set: bool
    p_value: float | None
    metrics: Mapping[str, Interval]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> SettingSummary:
        """Read one of the summary's settings."""
        return cls(
            setting=document["setting"],
            configuration_hash=document["configuration_hash"],
            runs=document["runs"],
            completed=document["completed"],
            diverged=document["diverged"],
            collapsed=document["collapsed"],
            failed=document["failed"],
            pending=document["pending"],
            eligible=document["eligible"],
            best=document["best"],
            in_best_set=document["in_best_set"],
            p_value=number(document["p_value"]),
            metrics={name: Interval.of(each) for name, each in document["metrics"].items()},
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """The whole answer; `document` is the service's JSON, with what is not repeated here."""

    sweep: str
    group_by: tuple[str, ...]
    metric: str
    goal: str
    headline: str
    complete: bool
    best: Setting | None
    best_set: tuple[Setting, ...]
    settings: tuple[SettingSummary, ...]
    notes: tuple[str, ...]
    document: Mapping[str, Any]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Summary:
        """Read a summary."""
        return cls(
            sweep=document["sweep"],
            group_by=tuple(document["group_by"]),
            metric=document["metric"],
            goal=document["goal"],
            headline=document["headline"],
            complete=document["complete"],
            best=document["best"],
            best_set=tuple(document["best_set"]),
            settings=tuple(SettingSummary.of(each) for each in document["settings"]),
            notes=tuple(document["notes"]),
            document=document,
        )

    def __str__(self) -> str:
        """The headline."""
        return self.headline

    def _repr_html_(self) -> str:
        from backsweep_client.display import summary_html

        return summary_html(self)
