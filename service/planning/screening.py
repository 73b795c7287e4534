"""What the range tests of a sweep say together: per setting the median over seeds, told as a screening.

A screening says where to look, not what is best: it saw training losses of few steps, and no validation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from core.range_test import Screened
from service.planning.measurements import json_number
from service.planning.significant import significant

LONGEST_LIST = 3  # settings that a sentence names


@dataclass(frozen=True, slots=True)
class ScreenedRun:
    """One seed's range test, as it is stored; `found` is None until it has ended."""

    public_id: str
    seed: int
    setting: Mapping[str, Any]
    found: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ScreenedSetting:
    """The range tests of one setting."""

    setting: Mapping[str, Any]
    runs: tuple[ScreenedRun, ...]

    @property
    def suggesting(self) -> tuple[ScreenedRun, ...]:
        """The runs in which some rate lowered the loss."""
        return tuple(run for run in self.runs if run.found and run.found["suggestion"] is not None)

    @property
    def suggestion(self) -> tuple[float, float] | None:
        """The medians of the seeds' lower and upper ends; None where no seed suggests any."""
        ends = [run.found["suggestion"] for run in self.suggesting if run.found]
        if not ends:
            return None
        return median(low for low, _ in ends), median(high for _, high in ends)


@dataclass(frozen=True, slots=True)
class Screening:
    """The answer of a sweep by range tests."""

    first: float  # rate
    last: float  # rate
    steps: int
    settings: tuple[ScreenedSetting, ...]

    @property
    def headline(self) -> str:
        """The answer in a sentence, which says what kind of answer it is."""
        runs = [run for setting in self.settings for run in setting.runs]
        ended = sum(run.found is not None for run in runs)
        test = f"range test from {self.first:g} to {self.last:g} in {self.steps:,} steps"
        if not ended:
            return f"No answer yet: 0 of {len(runs)} range tests finished."
        told = [_told(setting) for setting in self.settings[:LONGEST_LIST]]
        more = len(self.settings) - len(told)
        parts = "; ".join([*told, *([f"and {more} more settings"] if more else [])])
        so_far = "" if ended == len(runs) else f", {ended} of {len(runs)} finished"
        return f"Screening: {parts} ({test}{so_far}; a grid over these rates can say which is best)."


def document(found: Screened) -> dict[str, Any]:
    """What one run's range test found, as it is stored among its metrics."""
    return {
        "steepest": found.steepest,
        "minimum": found.minimum,
        "lowest_loss": json_number(found.lowest),
        "steps": found.steps,
        "suggestion": None if found.suggestion is None else list(found.suggestion),
    }


def gathered(runs: Sequence[ScreenedRun]) -> tuple[ScreenedSetting, ...]:
    """The settings in the order of their first runs."""
    found: list[tuple[Mapping[str, Any], list[ScreenedRun]]] = []
    places: dict[str, int] = {}
    for run in runs:
        key = repr(sorted(run.setting.items()))
        if key not in places:
            places[key] = len(found)
            found.append((run.setting, []))
        found[places[key]][1].append(run)
    return tuple(ScreenedSetting(setting, tuple(members)) for setting, members in found)


def _told(setting: ScreenedSetting) -> str:
    named = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in setting.setting.items())
    about = f" for {named}" if named else ""
    seeds = f"median of {len(setting.suggesting)} of {len(setting.runs)} seeds"
    if setting.suggestion is None:
        return f"no learning rate lowered the loss{about}"
    low, high = (significant(end) for end in setting.suggestion)
    return f"learning rates from {low} to {high} are worth a look{about} ({seeds})"
