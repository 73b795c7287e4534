"""A curve the size of a word, drawn and in words: the same rules as static/js/lib/sparkline.js."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from service.dashboard.formatting import number
from service.dashboard.wording import label

WIDTH, HEIGHT, MARGIN = 96, 28, 3
WIDE = 10  # the largest is so many times the smallest: then the axis is logarithmic


def sparkline(curve: Mapping[str, Any]) -> list[list[str]]:
    """The points of a curve with at least two, as coordinates from the upper left."""
    epochs, means = curve["epochs"], curve["mean"]
    heights = [math.log(mean) for mean in means] if _is_logarithmic(means) else means
    first, last, low, high = epochs[0], epochs[-1], min(heights), max(heights)
    return [
        [
            _written(MARGIN + (WIDTH - 2 * MARGIN) * (epoch - first) / (last - first)),
            _written(
                MARGIN + (HEIGHT - 2 * MARGIN) * (0.5 if high == low else (high - height) / (high - low))
            ),
        ]
        for epoch, height in zip(epochs, heights, strict=True)
    ]


def sparkline_label(curve: Mapping[str, Any]) -> str:
    """What the picture shows, for those who do not see it."""
    epochs, means = curve["epochs"], curve["mean"]
    axis = ", logarithmic axis" if _is_logarithmic(means) else ""
    ends = f"from {number(means[0])} to {number(means[-1])}"
    return f"Mean {label(curve['metric'])}, epochs {epochs[0]} to {epochs[-1]}: {ends}{axis}"


def _is_logarithmic(means: Sequence[float]) -> bool:
    return min(means) > 0 and max(means) >= WIDE * min(means)


def _written(coordinate: float) -> str:
    return f"{math.floor(coordinate * 10 + 0.5) / 10:.1f}"
