"""What an epoch's report says of each member, in the order of the losses' columns."""

from __future__ import annotations

from collections.abc import Iterator

from core.reports import EpochReport
from service.planning.measurements import COLUMNS, SCORES


def measured(report: EpochReport, task: str) -> Iterator[tuple[float | None, ...]]:
    """Each member's values; whole columns are read at once, for there may be many members.

    What was not measured is None: the core says NaN, which elsewhere means divergence.
    """
    missing = set()
    if not report.validated:
        missing |= {"validation_loss", "validation_score"}
    if task not in SCORES:
        missing |= {"train_score", "validation_score"}
    nothing = [None] * len(report.members)
    return zip(
        *(nothing if name in missing else getattr(report, name).tolist() for name in COLUMNS), strict=True
    )
