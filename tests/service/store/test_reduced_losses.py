from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from service.planning.measurements import ROW, Measurement
from service.store.database import Database
from service.store.loss_queries import LOSS_COLUMNS, LossValues, find_losses
from service.store.reduced_losses import KEPT_FOR, ROWS_PER_STRETCH
from service.store.schema import LossRow, Run
from tests.service.api import building

Row = tuple[float | None, ...]
PLACES = [LOSS_COLUMNS.index(name) for name in KEPT_FOR]


def kept(rows: Sequence[LossValues], most: int) -> list[LossValues]:
    """What has to stay, in plain Python."""
    stretches = (most - 1) // ROWS_PER_STRETCH
    first, last = int(rows[0][0] or 0), int(rows[-1][0] or 0)
    found = {first}
    for stretch in range(stretches):
        inside = [
            row for row in rows if (int(row[0] or 0) - first) * stretches // (last - first + 1) == stretch
        ]
        if not inside:
            continue
        found.add(int(inside[-1][0] or 0))
        for place in PLACES:
            finite = [row for row in inside if row[place] is not None and math.isfinite(row[place] or 0)]
            if finite:
                values = [row[place] or 0.0 for row in finite]
                for extreme in (min(values), max(values)):
                    found.add(int(finite[values.index(extreme)][0] or 0))
        broken = [row for row in inside if not all(value is None or math.isfinite(value) for value in row)]
        found |= {int(row[0] or 0) for row in broken[:1]}
    return [row for row in rows if row[0] in found]


def write(session: Session, run: Run, rows: Sequence[Row]) -> None:
    stored = [Measurement(run.id, epoch, values).as_row() for epoch, values in enumerate(rows, start=1)]
    session.execute(insert(LossRow), [dict(zip(ROW, row, strict=True)) for row in stored])


@pytest.fixture
def names(database: Database) -> list[str]:
    """Four runs: a noisy one with a spike, one with ties and gaps, one that breaks, and a short one."""
    source = random.Random(2)  # noqa: S311

    def row(train: float, validation: float | None, norm: float) -> Row:
        return (train, 0.5, validation, None, 0.1, norm, 0.01)

    noisy = [row(1 / e + source.random() / 9, source.random(), source.random()) for e in range(1, 1001)]
    noisy[776] = row(99.0, 0.5, 0.5)
    ties = [row(1.0, 0.25 if e % 5 == 0 else None, 2.0) for e in range(1, 334)]
    broken = [row(math.nan if e > 400 else 1 / e, math.inf if e == 250 else 1.0, 1.0) for e in range(1, 501)]
    with database.write() as session:
        sweep = building.sweep(session, building.owner(session, "me"))
        runs = [building.run(session, sweep, number) for number in (1, 2, 3, 4)]
        for run, rows in zip(runs, (noisy, ties, broken, noisy[:20]), strict=True):
            write(session, run, rows)
        return [run.public_id for run in runs]


@pytest.mark.parametrize(("most", "after_epoch"), [(10, 0), (40, 0), (100, 0), (100, 150), (5000, 0)])
def test_of_a_long_curve_the_extremes_of_each_stretch_stay(
    database: Database, names: list[str], most: int, after_epoch: int
) -> None:
    with database.write() as session:
        owner = building.owner(session, "me")
    with database.read() as session:
        whole = find_losses(session, owner, names, after_epoch=after_epoch)
        found = find_losses(session, owner, names, after_epoch=after_epoch, most=most)
    for every, some in zip(whole, found, strict=True):
        assert len(some.rows) <= most
        expected = every.rows if len(every.rows) <= most else kept(every.rows, most)
        assert [row[0] for row in some.rows] == [row[0] for row in expected]
        for left, right in zip(some.rows, expected, strict=True):
            assert building.same_numbers(left, right)


def test_a_spike_of_one_epoch_survives(database: Database, names: list[str]) -> None:
    with database.write() as session:
        owner = building.owner(session, "me")
    with database.read() as session:
        noisy, _, broken, _ = find_losses(session, owner, names, most=20)
    assert 99.0 in [row[1] for row in noisy.rows]
    assert (noisy.rows[0][0], noisy.rows[-1][0]) == (1, 1000)
    assert math.inf in [row[3] for row in broken.rows]
