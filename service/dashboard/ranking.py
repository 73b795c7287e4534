"""Which settings a page shows first: the best ones, of which a reader wants to know."""

from __future__ import annotations

import math
from collections.abc import Sequence

from service.dashboard.reading import Document

SETTINGS_SHOWN = 100


def first_settings(
    settings: Sequence[Document], *, metric: str, goal: str, most: int | None = SETTINGS_SHOWN
) -> Sequence[Document]:
    """At most `most` settings of a summary, by rank where there are more; None means all, as they came.

    What cannot be ranked stands behind the others; `bestSettings` in lib/curves.js ranks the same way.
    """
    if most is None or len(settings) <= most:
        return settings
    sign = -1 if goal == "maximize" else 1

    def rank(one: Document) -> tuple[bool, float]:
        mean = one["metrics"].get(metric, {}).get("mean")
        finite = isinstance(mean, int | float) and math.isfinite(mean)  # others are written as text
        return not one["eligible"], sign * mean if finite else math.inf

    return sorted(settings, key=rank)[:most]
