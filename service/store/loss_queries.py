"""Reading losses: one run's epochs, or many runs' at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.errors import NotFound
from service.planning.measurements import COLUMNS, SCORES, decode, stride
from service.store.raw_rows import raw_rows
from service.store.reduced_losses import counted, reduced_rows
from service.store.schema import LossRow, Run, Sweep

LOSS_COLUMNS = ("epoch", *COLUMNS)
LossValues = Sequence[float | None]  # in the order of LOSS_COLUMNS; None where there is none
READ_FOR_ONE_SENT = 3  # rows that the database looks at in the time that one takes to be sent
_STORED = ("run_id", *LOSS_COLUMNS, "non_finite")


@dataclass(frozen=True, slots=True)
class RunLosses:
    """A run's recorded epochs in their order."""

    run: str
    score: str | None  # accuracy or r2; None for a function
    rows: Sequence[LossValues]


def find_losses(
    session: Session,
    owner_id: int,
    run_ids: Sequence[str],
    *,
    after_epoch: int = 0,
    most: int | None = None,
    at_once: int | None = None,
) -> Sequence[RunLosses]:
    """The losses of several runs, in the order of `run_ids`, without the epochs up to `after_epoch`.

    Of a run with more than `most` rows (10 at least) come as many, by `service.store.reduced_losses`. Only
    the first runs come, one at least, that together take no longer than `at_once` whole rows.

    Raises:
        NotFound: the owner does not have one of the runs.
    """
    found = session.execute(
        select(Run.id, Run.public_id, Run.epoch, Run.epochs, Sweep.task)
        .join(Sweep, Sweep.id == Run.sweep_id)
        .where(Run.public_id.in_(run_ids), Run.owner_id == owner_id)
    ).all()
    runs = {run.public_id: run for run in found}
    for public_id in run_ids:
        if public_id not in runs:
            raise NotFound(f"there is no run {public_id}")
    sizes = [((run := runs[name]).epoch - after_epoch) // stride(run.epochs) for name in run_ids]
    costs = (size if most is None or size <= most else most + size // READ_FOR_ONE_SENT for size in sizes)
    shown = [runs[name] for name in run_ids[: how_many(costs, at_once)]]
    rows = _rows(session, shown, after_epoch, most)
    return [RunLosses(run.public_id, SCORES.get(run.task), rows.get(run.id, ())) for run in shown]


def how_many(sizes: Iterable[int], most: int | None) -> int:
    """How many of the first, one at least, are together no larger than `most`."""
    together = list(accumulate(max(0, size) for size in sizes))
    return len(together) if most is None else max(1, bisect_right(together, most))


def _rows(
    session: Session, runs: Sequence[Any], after_epoch: int, most: int | None
) -> dict[int, list[LossValues]]:
    long: Mapping[int, tuple[int, int]] = {}
    # No run has more rows than epochs. Only where that does not say enough are they counted, and where it may
    # be out of date because the run trains.
    doubtful = [run.id for run in runs if run.epoch < run.epochs or run.epoch > after_epoch + (most or 0)]
    if most is not None and doubtful:
        spans = counted(session, doubtful, after_epoch)
        long = {run: (first, last) for run, (count, first, last) in spans.items() if count > most}
    short = [run.id for run in runs if run.id not in long]
    found = _grouped(_whole_rows(session, short, after_epoch)) if short else {}
    if long and most is not None:
        found |= _grouped(reduced_rows(session, long, most, _STORED))
    return found


def _whole_rows(session: Session, run_keys: Sequence[int], after_epoch: int) -> Sequence[Any]:
    losses = LossRow.__table__.c
    statement = (
        select(*(losses[name] for name in _STORED))
        .where(losses.run_id.in_(run_keys), losses.epoch > after_epoch)
        .order_by(losses.run_id, losses.epoch)
    )
    return raw_rows(session, statement)


def _grouped(rows: Sequence[Any]) -> dict[int, list[LossValues]]:
    return {key: [_values(row) for row in group] for key, group in groupby(rows, itemgetter(0))}


def _values(row: Any) -> LossValues:
    if not row[-1]:
        values: LossValues = row[1:-1]
        return values
    return [row[1], *decode(dict(zip(_STORED, row, strict=True)))]
