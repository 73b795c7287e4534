"""What a sweep says: per setting over its seeds, which is best, and which cannot be told apart from it."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import Field

from service.api.schemas.shape import Number, Shape
from service.planning.measurements import json_number

Setting = dict[str, Any]


class Interval(Shape):
    """A mean over `n` seeds with its 95 % interval; no ends below three seeds."""

    mean: Number | None
    low: Number | None
    high: Number | None
    n: int


class SettingMetric(Interval):
    """A metric of a setting."""

    survivors_only: bool = Field(description="Runs of this setting diverged: this is a mean of the others.")


class SettingSummary(Shape):
    """One setting over its seeds."""

    setting: Setting
    configuration_hash: str | None
    runs: int
    completed: int
    diverged: int
    diverged_upper_bound: Number | None
    collapsed: int
    unconverged: int = Field(description="Runs over a function that ended at no minimum and cannot be best.")
    unturned: int = Field(description="Of these, runs whose derivative never turned around on their way.")
    failed: int
    pending: int
    eligible: bool = Field(description="Takes part in the ranking.")
    best: bool
    in_best_set: bool = Field(description="Cannot be told apart from the best.")
    p_value: Number | None
    metrics: dict[str, SettingMetric]


class Edge(Shape):
    """An end of a grid that the best or the set touches: the optimum may lie outside."""

    parameter: str
    side: Literal["low", "high", "both"]


class HeldOut(Interval):
    """The best setting on the test rows."""

    metric: str


class Baselines(Shape):
    """What is reached without a hidden layer, and without looking at the inputs."""

    constant: dict[str, Number]
    linear: dict[str, Any] | None


class Summary(Shape):
    """A sweep's answer, by the rules of the documentation's page on statistics."""

    sweep: str
    group_by: list[str]
    metric: str
    goal: Literal["minimize", "maximize"]
    seeds: int
    settings_count: int
    complete: bool
    headline: str
    best: Setting | None
    best_set: list[Setting]
    confidence: float
    settings: list[SettingSummary]
    edge: Edge | None
    test: HeldOut | None
    baselines: Baselines
    notes: list[str]
    sources_of_variation: list[str]


def as_json(value: Any) -> Any:
    """The same document, with numbers that are not finite as words."""
    if isinstance(value, float) and not math.isfinite(value):
        return json_number(value)
    if isinstance(value, dict):
        return {name: as_json(member) for name, member in value.items()}
    return [as_json(member) for member in value] if isinstance(value, list | tuple) else value
