"""A population belongs to one worker at a time, and the fencing token says which."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

from sqlalchemy import select, update

from service.lifecycle.claim import Claim, claim_population
from service.store.database import Database
from service.store.schema import Event, LossRow, PopulationRow, Run, Sweep

Store = Callable[..., str]
TakeClaim = Callable[..., Claim]


def _claim(database: Database, worker: str) -> Claim | None:
    return database.run(
        lambda session: claim_population(
            session, worker=worker, environment_class="e" * 64, lease_seconds=30.0
        )
    )


def test_a_claim_brings_every_run_of_its_population(
    database: Database, stored: Store, claimed: TakeClaim
) -> None:
    stored(3)
    claim = claimed()
    assert [run.number for run in claim.runs] == [1, 2, 3]
    assert claim.fencing_token == 1
    with database.read() as session:
        assert set(session.scalars(select(Run.state))) == {"running"}
        sweep = session.scalars(select(Sweep)).one()
        assert (sweep.state, sweep.running_count, sweep.queued_count) == ("running", 3, 0)
        assert sweep.started_at is not None


def test_a_claimed_population_cannot_be_claimed_again(
    database: Database, stored: Store, claimed: TakeClaim
) -> None:
    stored(2)
    claimed()
    assert _claim(database, "worker-2") is None


def test_a_ring_without_work_is_harmless(database: Database) -> None:
    assert _claim(database, "worker-1") is None


def test_workers_that_claim_at_once_share_the_populations_out(database: Database, stored: Store) -> None:
    stored(*[1] * 12)
    taken: list[int] = []
    barrier = Barrier(4)

    def work(name: str) -> None:
        barrier.wait()
        while (claim := _claim(database, name)) is not None:
            taken.append(claim.population_id)

    threads = [Thread(target=work, args=(f"worker-{index}",)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # SKIP LOCKED may pass over a row that is given back; what matters is that none is taken twice.
    while (claim := _claim(database, "last")) is not None:
        taken.append(claim.population_id)
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 12


def test_the_owner_with_the_least_running_share_comes_first(stored: Store, claimed: TakeClaim) -> None:
    stored(1, 1, 1, owner="ann")
    stored(1, owner="ben")
    first, second = claimed(), claimed()
    assert first.sweep_id != second.sweep_id


def test_a_more_urgent_population_comes_first(stored: Store, claimed: TakeClaim) -> None:
    stored(1, priority=5)
    stored(2, priority=1)
    assert len(claimed().runs) == 2


def test_another_environment_class_starts_again_from_the_first_epoch(
    database: Database, stored: Store, claimed: TakeClaim
) -> None:
    stored(2)
    claim = claimed(environment="a" * 64)
    with database.write() as session:
        session.execute(update(PopulationRow).values(state="queued", epoch=2))
        session.execute(update(Run).values(state="queued", epoch=2, metrics={"train_loss": {"last": 1.0}}))
        session.execute(update(Sweep).values(running_count=0, queued_count=2, epochs_done=4))
        session.add(LossRow(run_id=claim.runs[0].run_id, epoch=1, train_loss=1.0))
    again = claimed(environment="b" * 64)
    assert [(run.epoch, run.metrics) for run in again.runs] == [(0, {}), (0, {})]
    with database.read() as session:
        assert session.scalars(select(LossRow)).all() == []
        assert session.scalars(select(Sweep.epochs_done)).one() == 0
        assert session.scalars(select(Event.kind).order_by(Event.number)).all()[-1] == "environment_changed"
