"""What is trained again is compared with what is stored, and a difference stays on the run."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from sqlalchemy import select

from service.lifecycle.claim import Claim
from service.lifecycle.record import Batch, Progress, record
from service.planning.measurements import Measurement
from service.store.database import Database
from service.store.schema import LossRow, Run

Store = Callable[..., str]
TakeClaim = Callable[..., Claim]
Values = tuple[float | None, ...]

SEEN: Values = (0.6, 0.8, 0.5, 0.9, 0.1, 1.5, 0.01)


def _record(database: Database, claim: Claim, epoch: int, values: Values) -> None:
    batch = Batch(epoch=epoch)
    for run in claim.runs:
        measurement = Measurement(run.run_id, epoch, values)
        batch.measurements.append(measurement)
        batch.progress[run.run_id] = Progress(measurement, {}, epoch, 0.25, values[:4])
    database.run(lambda session: record(session, claim, batch, lease_seconds=30.0))


def test_an_epoch_that_comes_out_as_it_was_stored_leaves_no_trace(
    database: Database, stored: Store, claimed: TakeClaim
) -> None:
    stored(1)
    claim = claimed()
    odd: Values = (math.nan, None, math.inf, -math.inf, 0.1, 1.5, 5e-324)
    for epoch, values in ((1, SEEN), (2, odd), (1, SEEN), (2, odd)):
        _record(database, claim, epoch, values)
    with database.read() as session:
        assert session.scalars(select(Run.replay)).one() is None


@pytest.mark.parametrize(
    ("column", "stored_value", "other", "said"),
    [
        ("train_loss", 0.6, math.nextafter(0.6, 1.0), math.nextafter(0.6, 1.0)),  # one bit
        ("validation_loss", 0.5, math.nan, "NaN"),
        ("update_ratio", 0.01, None, None),
    ],
)
def test_the_first_difference_is_kept_on_the_run_and_the_stored_losses_stay(
    database: Database,
    stored: Store,
    claimed: TakeClaim,
    column: str,
    stored_value: float,
    other: float | None,
    said: object,
) -> None:
    stored(2)
    claim = claimed()
    _record(database, claim, 1, SEEN)
    _record(database, claim, 2, SEEN)
    _record(database, claim, 1, tuple(other if value == stored_value else value for value in SEEN))
    _record(database, claim, 2, (9.0, *SEEN[1:]))
    with database.read() as session:
        for replay in session.scalars(select(Run.replay)):
            expected = {"epoch": 1, "column": column, "stored": stored_value, "again": said}
            assert replay == {**expected, "worker": "worker-1"}
        assert set(session.execute(select(LossRow.train_loss, LossRow.validation_loss))) == {(0.6, 0.5)}
