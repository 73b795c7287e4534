"""Whether one setting beats another: how probable that is at a seed, and whether it is enough to matter.

P(A > B) is judged as Bouthillier et al. (2021, "Accounting for variance in machine learning benchmarks") do:
A beats B where its interval lies above 1/2 and reaches above `MATTERS`. Pairs share a seed, and so split,
order and, for equal shapes, first weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Literal

from service.planning.outcomes import Goal
from service.planning.statistics import ERROR

Verdict = Literal["a beats b", "b beats a", "too close to matter", "not told apart"]

MATTERS = 0.75  # of all pairs that the better setting should win
PAIRS_ERROR = 0.05  # chance of each kind of error for which `needed_pairs` holds


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two settings over the seeds that both have; a tie counts half."""

    pairs: int
    wins: int  # of a
    ties: int
    probability: float | None  # that a beats b at a seed
    low: float | None  # 95 %, Clopper and Pearson
    high: float | None
    verdict: Verdict
    needed_pairs: int  # with fewer, a difference that matters is often missed


def compare(a: Mapping[int, float], b: Mapping[int, float], goal: Goal) -> Comparison:
    """Compare one value per seed of two settings."""
    seeds = sorted(a.keys() & b.keys())
    sign = 1.0 if goal == "maximize" else -1.0
    leads = [sign * (a[seed] - b[seed]) for seed in seeds]
    wins, ties, pairs = sum(lead > 0 for lead in leads), sum(lead == 0 for lead in leads), len(leads)
    if not pairs:
        return Comparison(0, 0, 0, None, None, None, "not told apart", needed_pairs())
    low, high = proportion_interval(wins + ties / 2, pairs)
    return Comparison(
        pairs, wins, ties, (wins + ties / 2) / pairs, low, high, _verdict(low, high), needed_pairs()
    )


def proportion_interval(successes: float, n: int) -> tuple[float, float]:
    """Clopper and Pearson's 95 % interval (1934) of a proportion; halves may stand for ties."""
    from scipy.special import betaincinv

    low = 0.0 if successes <= 0 else float(betaincinv(successes, n - successes + 1, ERROR / 2))
    high = 1.0 if successes >= n else float(betaincinv(successes + 1, n - successes, 1 - ERROR / 2))
    return low, high


def needed_pairs(probability: float = MATTERS) -> int:
    """How many pairs show that P(A > B) is above 1/2 where it is `probability` (Noether 1987)."""
    from scipy.special import ndtri

    reach = float(ndtri(1 - PAIRS_ERROR)) - float(ndtri(PAIRS_ERROR))
    return ceil((reach / (sqrt(6) * (probability - 0.5))) ** 2)


def _verdict(low: float, high: float) -> Verdict:
    if low > 0.5:
        return "a beats b" if high > MATTERS else "too close to matter"
    if high < 0.5:
        return "b beats a" if low < 1 - MATTERS else "too close to matter"
    return "not told apart"
