"""The error over many repeated steps, as a line in a small frame."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.dashboard import formatting

WIDTH, HEIGHT = 560.0, 120.0


@dataclass(frozen=True, slots=True)
class LossCurve:
    """A path in a frame of WIDTH by HEIGHT, and what is read off it."""

    path: str
    width: float
    height: float
    first: str
    last: str
    steps: int
    runs_away: bool  # some step has no finite error


def loss_curve(losses: Sequence[Mapping[str, Any]]) -> LossCurve:
    """Draw E before the first step and after each; from where it is not finite nothing is drawn."""
    values = [formatting.value(each["value"]) for each in losses]
    finite = [each for each in values if each is not None and math.isfinite(each)]
    top = max(finite, default=0.0) or 1.0
    points = [
        f"{WIDTH * place / (len(values) - 1):.1f} {HEIGHT * (1 - value / top):.1f}"
        for place, value in enumerate(finite)
    ]
    return LossCurve(
        "M" + "L".join(points) if points else "",
        WIDTH,
        HEIGHT,
        formatting.number(values[0]),
        formatting.number(values[-1]),
        len(values) - 1,
        len(finite) < len(values),
    )
