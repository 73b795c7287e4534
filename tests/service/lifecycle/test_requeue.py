"""An expired lease is freed; what keeps killing its workers is isolated and, in the end, failed."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from service.errors import LeaseLost
from service.lifecycle.claim import Claim
from service.lifecycle.lease import hold
from service.lifecycle.record import Batch, record
from service.lifecycle.requeue import queued_populations, requeue_expired
from service.store.database import Database
from service.store.schema import Checkpoint, Event, PopulationRow, Run, Sweep

Store = Callable[..., str]
TakeClaim = Callable[..., Claim]


def _expire(database: Database) -> int:
    with database.write() as session:
        session.execute(
            update(PopulationRow).where(PopulationRow.state == "running").values(lease_expires_at=0)
        )
    return database.run(requeue_expired)


def test_a_live_lease_is_left_alone(database: Database, stored: Store, claimed: TakeClaim) -> None:
    stored(1)
    claimed()
    assert database.run(requeue_expired) == 0


def test_an_expired_lease_is_freed_and_its_holder_fenced_off(
    database: Database, stored: Store, claimed: TakeClaim
) -> None:
    stored(2)
    claim = claimed()
    assert _expire(database) == 1
    assert database.run(queued_populations) == 1
    with pytest.raises(LeaseLost):
        database.run(lambda session: hold(session, claim, lease_seconds=30.0))
    with database.read() as session:
        assert set(session.scalars(select(Run.state))) == {"queued"}
        sweep = session.scalars(select(Sweep)).one()
        assert (sweep.queued_count, sweep.running_count) == (2, 0)
        event = session.scalars(select(Event).order_by(Event.number.desc())).first()
        assert event is not None
        assert (event.kind, event.document["worker"]) == ("lease_expired", "worker-1")
    assert claimed(worker="worker-2").fencing_token > claim.fencing_token


def test_a_population_lost_twice_is_split_in_half(
    database: Database, stored: Store, claimed: TakeClaim
) -> None:
    stored(5)
    for _ in range(2):
        claimed()
        _expire(database)
    sizes = {len(claimed().runs), len(claimed().runs)}
    assert sizes == {2, 3}


def test_a_single_run_lost_three_times_is_failed_with_the_reason(
    database: Database, stored: Store, claimed: TakeClaim
) -> None:
    stored(1)
    for worker in ("first", "second", "third"):
        claim = claimed(worker=worker)
        if worker == "first":
            batch = Batch(epoch=1, checkpoints={claim.runs[0].run_id: (1, "a" * 64, b"state")})
            database.run(functools.partial(record, claim=claim, batch=batch, lease_seconds=30.0))
        _expire(database)
    with database.read() as session:
        run = session.scalars(select(Run)).one()
        assert (run.state, run.reason) == ("failed", "lost with its worker 3 times in a row (last: third)")
        assert session.scalars(select(Sweep.state)).one() == "failed"
        assert session.scalars(select(PopulationRow.state)).one() == "finished"
        assert session.scalars(select(Checkpoint.run_id)).all() == [run.id]  # for a retry to go on from
