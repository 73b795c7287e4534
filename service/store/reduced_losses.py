"""Long curves with fewer rows that still show every spike: the database cuts them, and sends what stays.

A run's epochs are cut into stretches of equal length. Of each stay the rows with the smallest and the largest
train loss, validation loss and gradient norm, the first with a value that is not finite, and the last; the
very first stays as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Integer, and_, case, column, func, or_, select, values
from sqlalchemy.orm import Session

from service.store.raw_rows import raw_rows
from service.store.schema import LossRow

KEPT_FOR = ("train_loss", "validation_loss", "gradient_norm")
ROWS_PER_STRETCH = 2 * len(KEPT_FOR) + 2
_LOSSES = LossRow.__table__.c


def counted(
    session: Session, run_keys: Sequence[int], after_epoch: int
) -> Mapping[int, tuple[int, int, int]]:
    """By run, how many rows lie behind an epoch, and the first and the last of them."""
    statement = (
        select(_LOSSES.run_id, func.count(), func.min(_LOSSES.epoch), func.max(_LOSSES.epoch))
        .where(_LOSSES.run_id.in_(run_keys), _LOSSES.epoch > after_epoch)
        .group_by(_LOSSES.run_id)
    )
    return {run: (count, first, last) for run, count, first, last in session.execute(statement)}


def reduced_rows(
    session: Session, spans: Mapping[int, tuple[int, int]], most: int, names: Sequence[str]
) -> list[Any]:
    """At most `most` (10 or more) rows of each run, by run and epoch; `spans` has first and last epochs."""
    stretches = (most - 1) // ROWS_PER_STRETCH
    given = (
        values(column("run_id", BigInteger), column("first", Integer), column("span", Integer), name="given")
        .data([(run, first, last - first + 1) for run, (first, last) in spans.items()])
        .cte("spans")
    )
    stretch = (_LOSSES.epoch - given.c.first) * stretches // given.c.span
    extremes = [
        end(_LOSSES[name]).label(f"{word}_{name}")
        for name in KEPT_FOR
        for word, end in (("least", func.min), ("most", func.max))
    ]
    broken = func.min(case((_LOSSES.non_finite != 0, _LOSSES.epoch))).label("broken")
    ends = (
        select(
            _LOSSES.run_id, stretch.label("stretch"), func.min(_LOSSES.epoch).label("start"),
            func.max(_LOSSES.epoch).label("last"), given.c.first.label("first"), broken, *extremes,
        )
        .join(given, given.c.run_id == _LOSSES.run_id)
        .where(_LOSSES.epoch >= given.c.first)
        .group_by(_LOSSES.run_id, stretch, given.c.first)
        .cte("ends")
    )  # fmt: skip
    is_extreme = [_LOSSES[name].in_([ends.c[f"least_{name}"], ends.c[f"most_{name}"]]) for name in KEPT_FOR]
    at_an_end = [_LOSSES.epoch == ends.c[name] for name in ("last", "first", "broken")]
    statement = (
        select(*(_LOSSES[name] for name in names), ends.c.stretch, *(ends.c[each.name] for each in extremes),
               ends.c.last, ends.c.first, ends.c.broken)
        .join(
            ends,
            and_(_LOSSES.run_id == ends.c.run_id, _LOSSES.epoch.between(ends.c.start, ends.c.last)),
        )
        .where(or_(*is_extreme, *at_an_end))
        .order_by(_LOSSES.run_id, _LOSSES.epoch)
    )  # fmt: skip
    return _first_of_equals(raw_rows(session, statement), names)


def _first_of_equals(rows: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """Of rows that share an extreme of their stretch, the first; behind the names come the stretch's ends."""
    width, run_place, epoch_place = len(names), names.index("run_id"), names.index("epoch")
    places = [names.index(name) for name in KEPT_FOR for _ in range(2)]
    kept: list[Any] = []
    seen: set[tuple[int, int, int]] = set()
    for row in rows:
        stretch, *ends = row[width:]
        found = row[epoch_place] in ends[len(places) :]
        for end, place in enumerate(places):
            mark = (row[run_place], stretch, end)
            if row[place] is not None and row[place] == ends[end] and mark not in seen:
                seen.add(mark)
                found = True
        if found:
            kept.append(row[:width])
    return kept
