"""A paused sweep is claimed by nobody, whatever happens to its leases, and goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from service.errors import Conflict, LeaseLost, NotFound
from service.lifecycle.cancel import cancel_sweep
from service.lifecycle.claim import Claim, claim_population
from service.lifecycle.give_back import give_back
from service.lifecycle.lease import look
from service.lifecycle.owners import local_owner
from service.lifecycle.pause import pause_sweep, resume_sweep
from service.lifecycle.requeue import requeue_expired
from service.store.database import Database
from service.store.schema import Event, PopulationRow, Run, Sweep

Store = Callable[..., str]
TakeClaim = Callable[..., Claim]


def _pause(database: Database, sweep: str) -> None:
    database.run(lambda session: pause_sweep(session, local_owner(session), sweep))


def _resume(database: Database, sweep: str) -> int:
    return database.run(lambda session: resume_sweep(session, local_owner(session), sweep))


def _claim(database: Database) -> Claim | None:
    return database.run(
        lambda session: claim_population(session, worker="w", environment_class="e" * 64, lease_seconds=30.0)
    )


def _sweep(database: Database) -> Sweep:
    with database.read() as session:
        return session.scalars(select(Sweep)).one()


def test_what_is_queued_in_a_paused_sweep_is_not_claimed(database: Database, stored: Store) -> None:
    sweep = stored(2, 1)
    _pause(database, sweep)
    assert _claim(database) is None
    row = _sweep(database)
    assert (row.state, row.intent, row.paused_count, row.queued_count) == ("paused", "pause", 3, 0)
    assert row.started_at is None


def test_another_owners_sweep_goes_on_while_one_is_paused(database: Database, stored: Store) -> None:
    paused = stored(1)
    stored(2, owner="ben")
    _pause(database, paused)
    claim = _claim(database)
    assert claim is not None
    assert len(claim.runs) == 2


def test_a_worker_is_told_and_hands_back_what_is_then_paused(
    database: Database, stored: Store, claimed: TakeClaim
) -> None:
    sweep = stored(2)
    claim = claimed()
    with database.read() as session:
        assert look(session, claim) == "run"
    _pause(database, sweep)
    assert _sweep(database).state == "running"  # until its worker has handed back
    with database.read() as session:
        assert look(session, claim) == "pause"
    database.run(lambda session: give_back(session, claim))
    assert _sweep(database).state == "paused"
    assert _claim(database) is None
    with database.read() as session:
        assert session.scalars(select(PopulationRow.leases_lost)).one() == 0
        with pytest.raises(LeaseLost):
            look(session, claim)


def test_a_population_that_is_handed_back_after_the_resume_is_queued(
    database: Database, stored: Store, claimed: TakeClaim
) -> None:
    sweep = stored(1)
    claim = claimed()
    _pause(database, sweep)
    _resume(database, sweep)
    database.run(lambda session: give_back(session, claim))
    assert _claim(database) is not None


@pytest.mark.parametrize("losses", [1, 2])
def test_an_expired_lease_of_a_paused_sweep_is_not_claimed_again(
    database: Database, stored: Store, claimed: TakeClaim, losses: int
) -> None:
    sweep = stored(2)
    for loss in range(losses):
        claimed()
        if loss == losses - 1:
            _pause(database, sweep)
        with database.write() as session:
            session.execute(update(PopulationRow).values(lease_expires_at=1))
        assert database.run(requeue_expired) == 1
    assert _claim(database) is None  # the half that the second loss splits off as little as the first half
    row = _sweep(database)
    assert (row.state, row.paused_count, row.running_count) == ("paused", 2, 0)
    assert _resume(database, sweep) == losses
    assert sum(len(claimed().runs) for _ in range(losses)) == 2


def test_a_resumed_sweep_is_claimed_again(database: Database, stored: Store, claimed: TakeClaim) -> None:
    sweep = stored(1, 2)
    _pause(database, sweep)
    assert _resume(database, sweep) == 2
    row = _sweep(database)
    assert (row.state, row.intent, row.queued_count) == ("queued", "run", 3)
    assert {len(claimed().runs), len(claimed().runs)} == {1, 2}


def test_to_pause_or_resume_twice_changes_nothing(database: Database, stored: Store) -> None:
    sweep = stored(1)
    assert _resume(database, sweep) == 0
    _pause(database, sweep)
    _pause(database, sweep)
    _resume(database, sweep)
    assert _resume(database, sweep) == 0
    with database.read() as session:
        assert session.scalars(select(Event.kind).order_by(Event.number)).all() == ["paused", "resumed"]


def test_a_paused_sweep_can_be_canceled_and_then_no_longer_resumed(database: Database, stored: Store) -> None:
    sweep = stored(1, 1)
    _pause(database, sweep)
    database.run(lambda session: cancel_sweep(session, local_owner(session), sweep))
    row = _sweep(database)
    assert (row.state, row.canceled_count, row.paused_count) == ("canceled", 2, 0)
    with pytest.raises(Conflict, match="is canceled; only a queued, running or paused one can be resumed"):
        _resume(database, sweep)
    with pytest.raises(Conflict, match="is canceled; only a queued, running or paused one can be paused"):
        _pause(database, sweep)


def test_a_foreign_sweep_is_not_there_to_be_paused_or_resumed(database: Database, stored: Store) -> None:
    sweep = stored(1, owner="ann")
    for ask in (_pause, _resume):
        with pytest.raises(NotFound):
            ask(database, sweep)
    with database.read() as session:
        assert session.scalars(select(Run.state)).one() == "queued"
