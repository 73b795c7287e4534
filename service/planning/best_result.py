"""What a list of sweeps shows of an answer: the best setting in numbers, and its curve in few points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from service.planning.outcome_table import Setting
from service.planning.statistics import Interval
from service.planning.summary import plain

MOST_POINTS = 32  # of a curve: as many as a picture the size of a word can show
DIGITS = 5  # significant ones, of a curve: it is looked at, not calculated with

NOTHING: Mapping[str, Any] = {}  # no setting is best


def best_result(setting: Setting, measured: Interval, curve: Mapping[str, Any] | None) -> dict[str, Any]:
    """The document that is kept beside a sweep's headline."""
    return {
        "setting": plain(setting),
        "mean": measured.mean,
        "low": measured.low,
        "high": measured.high,
        "n": measured.n,
        "curve": curve,
    }


def small_curve(metric: str, epochs: Sequence[int], means: Sequence[float | None]) -> dict[str, Any] | None:
    """At most `MOST_POINTS` of the epochs that have a finite mean, evenly, with the first and the last.

    None where fewer than two have one: that is no curve.
    """
    points = [
        (epoch, mean)
        for epoch, mean in zip(epochs, means, strict=True)
        if mean is not None and isfinite(mean)
    ]
    if len(points) < 2:
        return None
    if len(points) > MOST_POINTS:
        last, stretches = len(points) - 1, MOST_POINTS - 1
        points = [points[(place * last + stretches // 2) // stretches] for place in range(MOST_POINTS)]
    return {
        "metric": metric,
        "epochs": [epoch for epoch, _mean in points],
        "mean": [float(f"{mean:.{DIGITS}g}") for _epoch, mean in points],
    }
