"""What is small and at hand is planned and stored together; all else is left to be submitted alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import event, func, select

from service.errors import LimitReached
from service.lifecycle.audit import Deed
from service.lifecycle.limits import Limits
from service.lifecycle.owners import find_or_make_owner, local_owner
from service.lifecycle.submit import Submitted, submit
from service.lifecycle.submit_together import Offer, submit_together
from service.store.database import Database
from service.store.schema import AuditEntry, Run, Sweep

LIMITS = Limits(requests_per_minute=100, queued_runs=3, runs_per_sweep=10, stored_bytes=10**9)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.dispose()


@pytest.fixture
def owner(database: Database) -> int:
    return database.run(local_owner)


def _body(name: str, **changes: object) -> bytes:
    sweep = {"name": name, "dataset": "iris", "seeds": 1, "baselines": False, "parameters": {"epochs": 1}}
    return json.dumps(sweep | changes).encode()


def _offer(owner: int, body: bytes, key: str | None = None) -> Offer:
    return Offer(owner, body, key, max_runs=1_000, most_memory=2**30, limits=None, note=None)


def _known(database: Database, owner: int, body: bytes, key: str | None = None) -> Submitted:
    return submit(database, owner_id=owner, body=body, idempotency_key=key, max_runs=1_000)


def _count(database: Database, table: type[Sweep | Run | AuditEntry]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_many_are_stored_by_one_commit_each_with_its_note(database: Database, owner: int) -> None:
    _known(database, owner, _body("first"))
    commits: list[object] = []
    deeds = [Deed("create_sweep", owner, request_id=f"q{place}") for place in range(5)]
    offers = [
        replace(_offer(owner, _body(f"n{place}", seeds=[place + 1])), note=deed)
        for place, deed in enumerate(deeds)
    ]
    for offer in offers:  # the rows of each seed are drawn once
        _known(database, owner, offer.body)
    event.listen(database.engine, "commit", commits.append)
    found = submit_together(database, offers)
    assert all(isinstance(each, Submitted) and each.view is not None for each in found)
    assert len(commits) == 1
    assert all(deed.noted for deed in deeds)
    with database.read() as session:
        noted = session.execute(select(AuditEntry.request_id, AuditEntry.object_id)).all()
    assert sorted(noted) == [
        (f"q{place}", each.public_id) for place, each in enumerate(found) if isinstance(each, Submitted)
    ]


def test_a_table_that_was_not_prepared_is_left_alone(database: Database, owner: int) -> None:
    offer = _offer(owner, _body("wine", dataset="wine"))
    assert submit_together(database, [offer]) == [None]
    _known(database, owner, offer.body)
    assert isinstance(submit_together(database, [offer])[0], Submitted)


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters": {"learning_rate": {"min": 0.1, "max": 1, "count": 101}, "epochs": 1}},
        {"parameters": {"learning_rat": 1}},
        {"dataset": "nobody's"},
    ],
    ids=["large", "faulty", "unknown"],
)
def test_what_is_not_plainly_small_and_right_is_left_alone_and_the_others_are_stored(
    database: Database, owner: int, changes: dict[str, object]
) -> None:
    _known(database, owner, _body("first"))
    left, stored = submit_together(
        database, [_offer(owner, _body("odd", **changes)), _offer(owner, _body("plain"))]
    )
    assert left is None
    assert isinstance(stored, Submitted)
    assert _count(database, Sweep) == 2


def test_a_known_key_is_left_to_be_answered_and_one_key_twice_stores_one(
    database: Database, owner: int
) -> None:
    first = _known(database, owner, _body("first"), "k1")
    known, one, other = submit_together(
        database,
        [
            _offer(owner, _body("first"), "k1"),
            _offer(owner, _body("second"), "k2"),
            _offer(owner, _body("second"), "k2"),
        ],
    )
    assert known is None
    assert isinstance(one, Submitted)
    assert isinstance(other, Submitted)
    assert one.public_id == other.public_id != first.public_id
    assert sorted([one.replayed, other.replayed]) == [False, True]


def test_limits_count_what_is_stored_beside_it(database: Database, owner: int) -> None:
    _known(database, owner, _body("first"))
    offers = [replace(_offer(owner, _body(f"n{place}")), limits=LIMITS) for place in range(4)]
    found = submit_together(database, offers)
    assert [type(each).__name__ for each in found] == [
        "Submitted",
        "Submitted",
        "LimitReached",
        "LimitReached",
    ]
    assert _count(database, Sweep) == 3


def test_those_of_keys_with_limits_are_stored_with_the_others(database: Database, owner: int) -> None:
    other = database.run(lambda session: find_or_make_owner(session, "another"))
    for each in (owner, other):
        _known(database, each, _body("first"))
    commits: list[object] = []
    event.listen(database.engine, "commit", commits.append)
    whose = [(owner, LIMITS), (owner, None), (owner, LIMITS), (other, LIMITS), (owner, None)]
    found = submit_together(
        database,
        [
            replace(_offer(each, _body(f"n{place}")), limits=limits)
            for place, (each, limits) in enumerate(whose)
        ],
    )
    (refused,) = [each for each in found if isinstance(each, LimitReached)]
    assert refused is found[2]  # what came without limits before it counts, too
    assert "beside the 3 that wait already" in str(refused)
    assert len(commits) == 1
    assert _count(database, Sweep) == 2 + 4


def test_a_failure_of_the_store_is_each_ones_own(
    database: Database, owner: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _known(database, owner, _body("first"))

    def refuse(*_: object) -> None:
        raise ValueError("not now")

    monkeypatch.setattr("service.lifecycle.arrivals.create_sweeps", refuse)
    found = submit_together(database, [_offer(owner, _body(f"n{place}")) for place in range(2)])
    assert [str(each) for each in found] == ["not now", "not now"]
    assert found[0] is not found[1]
    assert _count(database, Sweep) == 1
