"""What a sweep says: per setting over its seeds, which is best, and which cannot be told apart from it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from service.api.schemas.shape import Number, Shape

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
    median: Number | None = Field(
        description="Of the metric over seeds; diverged runs are worst, null where the middle one diverged."
    )
    mean_rank: Number | None = Field(
        description="Over the seeds at which every setting has finished; diverged runs come last, ties share."
    )
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


class ExpectedBest(Shape):
    """The mean of the best value among so many settings of the search."""

    settings: int
    value: Number


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
    expected_best: list[ExpectedBest] = Field(
        description="Of a random search: what fewer settings are expected to find (Dodge et al. 2019)."
    )
    looks: int = Field(description="Results that were seen before seeds were added share the error.")
    test_reveals: int = Field(description="How often runs were filtered or sorted by test metrics.")


class ParameterImportance(Shape):
    """One parameter's share of the variance of the settings' mean ranks, from 0 to 1."""

    parameter: str
    levels: int = Field(description="Values that were compared, or bins of about equally many settings.")
    share: float = Field(description="What the parameter explains by itself.")
    with_interactions: float | None = Field(
        description="What nothing else explains, which is more where it matters together with others; "
        "null unless every combination of values was tried."
    )
    by_chance: float | None = Field(
        description="95 % of parameters without influence stay below; null in a grid with one seed."
    )


class Importance(Shape):
    """Which parameters matter, the most important first; a diverged run has the worst rank of its seed."""

    sweep: str
    metric: str
    method: Literal["grid", "bins"] | None = Field(
        description="`grid`: main effects of a functional analysis of variance; `bins`: correlation ratios "
        "(epsilon squared) over equal values or bins. Null where nothing can be said."
    )
    settings: int = Field(description="That were compared.")
    left_out: int = Field(description="Settings without a result: they failed, or have not finished.")
    seeds: int = Field(description="At which all compared settings have finished.")
    items: list[ParameterImportance]
    reason: str | None = Field(description="Why there are no items.")


class Comparison(Shape):
    """Whether one setting beats another at the same seeds (Bouthillier et al. 2021)."""

    sweep: str
    metric: str
    pairs: int = Field(description="Seeds at which both have a value.")
    wins: int = Field(description="Of a.")
    ties: int
    probability: float | None = Field(description="That a beats b at a seed; a tie counts half.")
    low: float | None = Field(description="Of a 95 % interval (Clopper and Pearson).")
    high: float | None
    verdict: Literal["a beats b", "b beats a", "too close to matter", "not told apart"] = Field(
        description="A setting beats another where the interval is above 1/2 and reaches above 3/4; where it "
        "is above 1/2 alone, the difference is there and too small to matter."
    )
    needed_pairs: int = Field(description="With fewer, a difference that matters is often missed (Noether).")
