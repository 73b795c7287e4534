"""Whether one setting of a sweep beats another, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backsweep_client.numbers import number


@dataclass(frozen=True, slots=True)
class Comparison:
    """Setting a against setting b at the same seeds (Bouthillier et al. 2021).

    `probability` is that a beats b at a seed, a tie counting half, with a 95 % interval from `low` to
    `high`; None where there is no seed at which both have a value. `verdict` is "a beats b", "b beats a",
    "too close to matter" or "not told apart"; with fewer than `needed_pairs` seeds a difference that matters
    is often missed.
    """

    metric: str
    pairs: int
    wins: int
    ties: int
    probability: float | None
    low: float | None
    high: float | None
    verdict: str
    needed_pairs: int

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Comparison:
        """Read the service's answer."""
        return cls(
            metric=document["metric"],
            pairs=document["pairs"],
            wins=document["wins"],
            ties=document["ties"],
            probability=number(document["probability"]),
            low=number(document["low"]),
            high=number(document["high"]),
            verdict=document["verdict"],
            needed_pairs=document["needed_pairs"],
        )

    def __str__(self) -> str:
        """`a beats b (a is better at 9 of 10 seeds; probability 0.90, 95 % interval 0.55 to 1.00)`."""
        if self.probability is None or self.low is None or self.high is None:
            return f"{self.verdict} (no seed at which both have {self.metric})"
        interval = f"95 % interval {self.low:.2f} to {self.high:.2f}"
        return (
            f"{self.verdict} (a is better at {self.wins} of {self.pairs} seeds; "
            f"probability {self.probability:.2f}, {interval})"
        )
