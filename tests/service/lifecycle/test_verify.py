"""A verification is claimed, held and ended by its fencing token, and is lost with no worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from core.version import NUMERICS_VERSION
from service.errors import Conflict, LeaseLost, NotFound
from service.lifecycle.owners import local_owner
from service.lifecycle.remove import purge, remove_sweep
from service.lifecycle.verification_lease import (
    Verdict,
    VerificationClaim,
    claim_verification,
    end_verification,
    give_verification_back,
    hold_verification,
    queued_verifications,
    requeue_expired_verifications,
    requeue_lost_verifications,
)
from service.lifecycle.verify import MOST_WAITING, verify_run
from service.lifecycle.workers import register_worker, worker_stopped
from service.planning.verification import VerificationState
from service.store.clock import now
from service.store.database import Database
from service.store.identifiers import new_id
from service.store.schema import Owner, Run, Sweep, Verification
from service.store.verification_queries import find_verification, latest_verification
from service.store.worker_queries import list_workers

CLASS, OTHER_CLASS = "e" * 64, "f" * 64
Ended = Callable[..., str]


@pytest.fixture
def ended(database: Database, stored: Callable[..., str]) -> Ended:
    """A sweep with one run that has ended; the run's public id."""

    def store(owner: str | None = None, **changes: Any) -> str:
        sweep = stored(1, owner=owner)
        values = {"state": "completed", "weights_sha256": "a" * 64, "environment_class": CLASS, "epoch": 3}
        with database.write() as session:
            session.execute(update(Sweep).values(numerics_version=NUMERICS_VERSION))
            key = session.scalars(select(Sweep.id).where(Sweep.public_id == sweep)).one()
            run = session.scalars(select(Run).where(Run.sweep_id == key)).one()
            for name, value in (values | changes).items():
                setattr(run, name, value)
            return run.public_id

    return store


def asked(database: Database, run: str, owner: str | None = None) -> str:
    def unit(session: Any) -> str:
        if owner is None:
            return verify_run(session, local_owner(session), run)
        return verify_run(session, session.scalars(select(Owner.id).where(Owner.name == owner)).one(), run)

    return database.run(unit)


def claim(
    database: Database, worker: str = "w1", environment: str = CLASS, lease: float = 30.0
) -> VerificationClaim | None:
    return database.run(
        lambda session: claim_verification(
            session, worker=worker, environment_class=environment, lease_seconds=lease
        )
    )


def row(database: Database) -> Verification:
    with database.read() as session:
        return session.scalars(select(Verification)).one()


def test_a_verification_is_claimed_once(database: Database, ended: Ended) -> None:
    verification = asked(database, ended())
    assert database.run(queued_verifications) == 1
    first = claim(database)
    assert first is not None
    assert (first.public_id, first.fencing_token, first.run.seed) == (verification, 1, 0)
    assert claim(database, "w2") is None
    assert database.run(queued_verifications) == 0


@pytest.mark.parametrize("state", ["queued", "running", "paused", "failed", "canceled", "pruned"])
def test_only_what_ended_by_itself_can_be_verified(database: Database, ended: Ended, state: str) -> None:
    run = ended(state=state)
    with pytest.raises(Conflict, match=f"is {state}: only one that completed or diverged"):
        asked(database, run)


def test_a_diverged_run_can_be_verified(database: Database, ended: Ended) -> None:
    assert asked(database, ended(state="diverged")).startswith("v_")


def test_a_run_of_other_arithmetic_cannot_be_compared(database: Database, ended: Ended) -> None:
    run = ended()
    with database.write() as session:
        session.execute(update(Sweep).values(numerics_version=NUMERICS_VERSION - 1))
    with pytest.raises(Conflict, match=f"numerics version {NUMERICS_VERSION - 1}"):
        asked(database, run)


def test_an_unknown_run_and_another_owners_are_not_there(database: Database, ended: Ended) -> None:
    run = ended(owner="somebody else")
    with pytest.raises(NotFound):
        asked(database, run)


def test_waiting_verifications_are_bounded_for_each_owner(database: Database, ended: Ended) -> None:
    run = ended()
    asked(database, run)
    with database.write() as session:
        first = session.scalars(select(Verification)).one()
        others = {"run_id": first.run_id, "owner_id": first.owner_id, "created_at": first.created_at}
        session.add_all(Verification(public_id=new_id("v"), **others) for _ in range(MOST_WAITING - 1))
    with pytest.raises(Conflict, match=f"at most {MOST_WAITING}"):
        asked(database, run)
    other = ended(owner="somebody else")
    asked(database, other, "somebody else")


def test_owners_are_served_by_turns(database: Database, ended: Ended) -> None:
    mine, theirs = ended(), ended(owner="somebody else")
    first = [asked(database, mine) for _ in range(2)]
    second = asked(database, theirs, "somebody else")
    claimed = [claim(database, f"w{number}") for number in range(3)]
    assert [each.public_id for each in claimed if each] == [first[0], second, first[1]]


def test_a_verdict_is_written_by_its_holder_alone(database: Database, ended: Ended) -> None:
    asked(database, ended())
    held = claim(database)
    assert held is not None
    database.run(lambda session: hold_verification(session, held, lease_seconds=30))
    verdict = Verdict(VerificationState.MATCHES, None, "a" * 64, {"x": 1})
    database.run(lambda session: end_verification(session, held, verdict))
    found = row(database)
    assert (found.state, found.matches, found.weights_sha256) == ("matches", True, "a" * 64)
    assert found.comparison == {"x": 1}
    assert found.finished_at is not None
    with pytest.raises(LeaseLost):
        database.run(lambda session: end_verification(session, held, verdict))


def test_an_expired_lease_is_taken_up_by_another_worker_and_the_late_verdict_finds_nothing(
    database: Database, ended: Ended
) -> None:
    asked(database, ended())
    late = claim(database, "slow", lease=0.0)
    assert late is not None
    assert database.run(requeue_expired_verifications) == 1
    assert database.run(requeue_expired_verifications) == 0
    second = claim(database, "w2")
    assert second is not None
    assert second.fencing_token > late.fencing_token
    wrong = Verdict(VerificationState.DIFFERS, "a lie")
    with pytest.raises(LeaseLost, match="slow"):
        database.run(lambda session: end_verification(session, late, wrong))
    with pytest.raises(LeaseLost):
        database.run(lambda session: hold_verification(session, late, lease_seconds=30))
    assert (row(database).state, row(database).leases_lost) == ("running", 1)
    database.run(lambda session: end_verification(session, second, Verdict(VerificationState.MATCHES)))
    assert row(database).state == "matches"


def test_a_verification_that_is_lost_three_times_fails_with_the_reason(
    database: Database, ended: Ended
) -> None:
    asked(database, ended())
    for _ in range(3):
        assert claim(database) is not None
        assert (
            database.run(lambda session: requeue_lost_verifications(session, "w1", "killed (signal 9)")) == 1
        )
    found = row(database)
    assert found.state == "failed"
    assert found.reason == "lost with its worker 3 times (last: w1: killed (signal 9))"
    assert found.finished_at is not None
    assert claim(database) is None


def test_what_is_given_back_counts_as_no_attempt(database: Database, ended: Ended) -> None:
    asked(database, ended())
    for _ in range(4):
        held = claim(database)
        assert held is not None
        database.run(lambda session, held=held: give_verification_back(session, held))  # type: ignore[misc]
    assert (row(database).state, row(database).leases_lost) == ("queued", 0)


def test_a_run_goes_to_its_own_environment_class_for_as_long_as_one_of_it_lives(
    database: Database, ended: Ended
) -> None:
    def register(session: Any, name: str, environment: dict[str, str]) -> str:
        return register_worker(session, name=name, host="here", process_id=1, environment=environment)

    own = database.run(lambda session: register(session, "own", {"simd": "AVX512"}))
    other = database.run(lambda session: register(session, "other", {"simd": "AVX2"}))
    asked(database, ended(environment_class=own))
    assert claim(database, "other", other) is None
    database.run(lambda session: worker_stopped(session, "own"))
    held = claim(database, "other", other)
    assert held is not None
    assert row(database).environment_class == other
    with database.read() as session:
        view = latest_verification(session, local_owner(session), held_run(database))
    assert view is not None
    assert (view.first_environment, view.second_environment) == ({"simd": "AVX512"}, {"simd": "AVX2"})


def held_run(database: Database) -> str:
    with database.read() as session:
        return session.scalars(select(Run.public_id)).one()


def test_a_worker_that_verifies_is_one_that_trains(database: Database, ended: Ended) -> None:
    database.run(
        lambda session: register_worker(
            session, name="w1", host="here", process_id=1, environment={"simd": "AVX2"}
        )
    )
    asked(database, ended())
    with database.read() as session:
        assert [view.trains for view in list_workers(session, 1, limit=9)] == [False]
    held = claim(database)
    assert held is not None
    with database.read() as session:
        assert [view.trains for view in list_workers(session, 1, limit=9)] == [True]
    database.run(lambda session: end_verification(session, held, Verdict(VerificationState.MATCHES)))
    with database.read() as session:
        assert [view.trains for view in list_workers(session, 1, limit=9)] == [False]


def test_verifications_of_another_owner_are_not_there(database: Database, ended: Ended) -> None:
    public_id = asked(database, ended())
    with database.write() as session:
        session.add(Owner(name="somebody else", created_at=now()))
        session.flush()
        other = session.scalars(select(Owner.id).where(Owner.name == "somebody else")).one()
        assert find_verification(session, local_owner(session), public_id).verification.state == "queued"
        with pytest.raises(NotFound):
            find_verification(session, other, public_id)


def test_the_latest_verification_of_a_run_is_the_one_that_is_shown(database: Database, ended: Ended) -> None:
    run = ended()
    with database.read() as session:
        assert latest_verification(session, local_owner(session), run) is None
    asked(database, run)
    last = asked(database, run)
    with database.read() as session:
        view = latest_verification(session, local_owner(session), run)
    assert view is not None
    assert view.verification.public_id == last


def test_the_verifications_of_a_deleted_run_are_gone_with_it(database: Database, ended: Ended) -> None:
    run = ended()
    public_id = asked(database, run)
    held = claim(database)
    assert held is not None
    waiting = asked(database, run)
    with database.write() as session:
        session.execute(update(Sweep).values(state="completed"))
        owner = local_owner(session)
        sweep = session.scalars(select(Sweep.public_id)).one()
    remove_sweep(database, owner, sweep, seconds=0.0)
    assert claim(database, "w2") is None
    with database.read() as session:
        for each in (public_id, waiting):
            with pytest.raises(NotFound):
                find_verification(session, owner, each)
    other = asked(database, ended())  # the newest run and verification stay until there are newer ones
    purge(database, seconds=5.0)
    with database.read() as session:
        assert session.scalars(select(Verification.public_id)).all() == [other]
    verdict = Verdict(VerificationState.MATCHES)
    with pytest.raises(LeaseLost):
        database.run(lambda session: end_verification(session, held, verdict))
