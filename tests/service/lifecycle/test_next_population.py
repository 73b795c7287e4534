"""Queued work is shared out by owner, over time as well as at one moment."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import update

from service.lifecycle.claim import Claim
from service.store.clock import now
from service.store.database import Database
from service.store.schema import Owner, PopulationRow, Sweep

Store = Callable[..., str]
TakeClaim = Callable[..., Claim]


def served(database: Database, claimed: TakeClaim, seconds: dict[str, float]) -> str:
    """Whose population one worker takes and finishes, after as many seconds as that owner's take."""
    claim = claimed()
    with database.write() as session:
        name = session.query(Owner.name).join(Sweep).filter(Sweep.id == claim.sweep_id).scalar() or ""
        session.execute(
            update(PopulationRow)
            .where(PopulationRow.id == claim.population_id)
            .values(state="finished", started_at=now() - round(1000 * seconds[name]), finished_at=now())
        )
    return name


def test_one_worker_serves_who_comes_with_ten_in_turn_with_who_queued_hundreds(
    database: Database, stored: Store, claimed: TakeClaim
) -> None:
    stored(*[1] * 60, owner="ann")
    assert [served(database, claimed, {"ann": 1.0}) for _ in range(5)] == ["ann"] * 5
    stored(*[1] * 10, owner="ben")
    order = [served(database, claimed, {"ann": 1.0, "ben": 1.0}) for _ in range(25)]
    assert order[:5] == ["ben"] * 5  # who has had nothing comes first until they are even
    assert order[:20].count("ben") == 10
    assert order[5:15].count("ann") in (5, 6)


def test_turns_are_counted_by_the_time_that_they_take(
    database: Database, stored: Store, claimed: TakeClaim
) -> None:
    stored(*[1] * 20, owner="ann")
    stored(*[1] * 20, owner="ben")
    order = [served(database, claimed, {"ann": 20.0, "ben": 5.0}) for _ in range(15)]
    assert order.count("ann") == 3
    assert order.count("ben") == 12


def test_service_of_long_ago_is_forgotten(database: Database, stored: Store, claimed: TakeClaim) -> None:
    stored(1, 1, owner="ann")
    stored(1, owner="ben")
    assert served(database, claimed, {"ann": 500.0}) == "ann"
    with database.write() as session:
        session.execute(
            update(PopulationRow)
            .where(PopulationRow.finished_at.is_not(None))
            .values(finished_at=now() - 601_000, started_at=now() - 1_101_000)
        )
    assert served(database, claimed, {"ann": 1.0, "ben": 1.0}) == "ann"  # hers is the older one


def test_who_has_fewer_running_comes_first_whatever_they_were_served(
    database: Database, stored: Store, claimed: TakeClaim
) -> None:
    stored(1, 1, 1, owner="ann")
    assert served(database, claimed, {"ann": 100.0}) == "ann"
    claimed()
    stored(1, 1, owner="ben")
    assert served(database, claimed, {"ben": 300.0}) == "ben"
    assert served(database, claimed, {"ben": 300.0}) == "ben"  # ann has one running all the time
