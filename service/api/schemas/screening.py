"""What the range tests of a sweep found, per setting and seed."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field

from service.api.schemas.shape import Number, Shape
from service.planning import screening


class Rates(Shape):
    """From where to where it is worth looking."""

    low: float
    high: float


class ScreenedRun(Shape):
    """One seed's range test."""

    run: str = Field(description="Its losses are the curve: an epoch is a step, and each row has its rate.")
    seed: int
    steps: int | None = Field(description="Steps taken; null until it has ended.")
    steepest: float | None = Field(description="The rate at which the smoothed loss fell fastest.")
    minimum: float | None = Field(description="The rate at which it was lowest.")
    lowest_loss: Number | None
    suggestion: Rates | None


class ScreenedSetting(Shape):
    """The range tests of one setting."""

    setting: dict[str, Any]
    suggestion: Rates | None = Field(description="Medians over the seeds; null where no rate lowered a loss.")
    seeds: int = Field(description="How many seeds suggest something.")
    runs: list[ScreenedRun]


class Screening(Shape):
    """Where to look for a learning rate, by rule R11 of the documentation's page on statistics."""

    sweep: str
    label: Literal["screening"] = "screening"
    headline: str
    first_rate: float
    last_rate: float
    steps: int
    settings: list[ScreenedSetting]

    @classmethod
    def of(cls, sweep: str, found: screening.Screening) -> Self:
        """The shape of an answer."""
        return cls(
            sweep=sweep,
            headline=found.headline,
            first_rate=found.first,
            last_rate=found.last,
            steps=found.steps,
            settings=[_setting(each) for each in found.settings],
        )


def _setting(found: screening.ScreenedSetting) -> ScreenedSetting:
    return ScreenedSetting(
        setting=dict(found.setting),
        suggestion=_rates(found.suggestion),
        seeds=len(found.suggesting),
        runs=[_run(run) for run in found.runs],
    )


def _run(run: screening.ScreenedRun) -> ScreenedRun:
    found = run.found or {}
    return ScreenedRun(
        run=run.public_id,
        seed=run.seed,
        **{name: found.get(name) for name in ("steps", "steepest", "minimum", "lowest_loss")},
        suggestion=_rates(found.get("suggestion")),
    )


def _rates(ends: Any) -> Rates | None:
    return None if ends is None else Rates(low=ends[0], high=ends[1])
