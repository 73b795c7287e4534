"""Which parameters of a sweep matter, and how much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ParameterImportance:
    """One parameter's share of the variance of the settings' mean ranks, from 0 to 1.

    `with_interactions` is what nothing else explains, None unless every combination of values was tried; of
    parameters without influence, 95 % have a share below `by_chance`, None in a grid with one seed.
    """

    parameter: str
    levels: int
    share: float
    with_interactions: float | None
    by_chance: float | None


@dataclass(frozen=True, slots=True)
class Importance:
    """The parameters that vary, the most important first; without any, `reason` says why.

    `method` is grid (functional analysis of variance), bins (epsilon squared), or None without items.
    """

    metric: str
    method: str | None
    settings: int
    left_out: int
    seeds: int
    items: tuple[ParameterImportance, ...]
    reason: str | None

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Importance:
        """Read the service's answer."""
        items = (
            ParameterImportance(
                parameter=each["parameter"],
                levels=each["levels"],
                share=each["share"],
                with_interactions=each["with_interactions"],
                by_chance=each["by_chance"],
            )
            for each in document["items"]
        )
        return cls(
            metric=document["metric"],
            method=document["method"],
            settings=document["settings"],
            left_out=document["left_out"],
            seeds=document["seeds"],
            items=tuple(items),
            reason=document["reason"],
        )

    def __iter__(self) -> Iterator[ParameterImportance]:
        """The parameters, the most important first."""
        return iter(self.items)

    def __str__(self) -> str:
        """`learning_rate 81.2 %, hidden_layers 3.0 %`, or the reason why nothing can be said."""
        if not self.items:
            return self.reason or "nothing varies"
        return ", ".join(f"{each.parameter} {100 * each.share:.1f} %" for each in self.items)
