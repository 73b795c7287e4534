from __future__ import annotations

import random
from typing import Any

import pytest

from service.errors import NotFound
from service.store.database import Database
from service.store.run_queries import SORT_COLUMNS, Order, RunFilter, find_run, find_weights, list_runs
from service.store.schema import Run
from tests.service.api import building

EVERYTHING = RunFilter()


@pytest.fixture
def mine(database: Database) -> int:
    """An owner of 20 runs in two sweeps, with values that repeat and values that are missing."""
    source = random.Random(3)  # noqa: S311
    with database.write() as session:
        owner = building.owner(session, "me")
        for _ in range(2):
            sweep = building.sweep(session, owner)
            for number in range(1, 11):
                building.run(
                    session,
                    sweep,
                    number,
                    learning_rate=0.1,
                    epoch=source.randrange(3),
                    **{
                        name: source.choice([None, 0.1, 0.30000000000000004, 1e-300, -2.5])
                        for name in ("train_loss", "train_score", "validation_loss", "train_seconds")
                    },
                    **{name: source.choice([None, 7, 2**52]) for name in ("started_at", "finished_at")},
                )
        building.run(session, building.sweep(session, building.owner(session, "them")), 1)
    return owner


def test_in_every_order_the_pages_are_the_whole_list_with_missing_values_last(
    database: Database, mine: int
) -> None:
    for order in [Order(name, descending) for name in SORT_COLUMNS for descending in (False, True)]:
        pages: list[Run] = []
        after = None
        with database.read() as session:
            whole = [view.run for view in list_runs(session, mine, EVERYTHING, order=order, limit=100)]
            while page := list_runs(session, mine, EVERYTHING, order=order, limit=3, after=after):
                pages += [view.run for view in page]
                after = order.key(page[-1].run)
        assert len(whole) == 20
        assert [run.public_id for run in pages] == [run.public_id for run in whole], order
        values = [order.key(run)[0] for run in whole]
        known = [value for value in values if value is not None]
        assert known == sorted(known, reverse=order.descending), order
        assert values[len(known) :] == [None] * (20 - len(known)), order


def test_any_key_that_a_cursor_may_hold_is_understood(database: Database, mine: int) -> None:
    values: dict[type, list[Any]] = {
        int: [2**53 - 1, -(2**53) + 1],
        float: [2**53 - 1, 1e308, -5e-324],
        str: ["", "~" * 400],
    }
    for order in map(Order, SORT_COLUMNS):
        for kind in order.value_types:
            for value in values.get(kind, [None]):
                with database.read() as session:
                    list_runs(session, mine, EVERYTHING, order=order, limit=1, after=(value, "x"))


def test_runs_are_chosen_by_sweep_state_and_role(database: Database) -> None:
    with database.write() as session:
        owner = building.owner(session, "me")
        sweep, other = building.sweep(session, owner), building.sweep(session, owner)
        building.run(session, sweep, 1, state="failed")
        building.run(session, sweep, 2, state="queued", role="linear")
        building.run(session, other, 1, state="failed")
        name = sweep.public_id

    def numbers(**which: Any) -> list[int]:
        with database.read() as session:
            found = list_runs(session, owner, RunFilter(**which), order=Order("number"), limit=10)
        return [view.run.number for view in found]

    assert numbers() == [1, 1, 2]
    assert numbers(sweep=name) == [1, 2]
    assert numbers(sweep=name, states=["failed"]) == [1]
    assert numbers(states=["failed", "queued"], role="linear") == [2]


def test_runs_and_weights_are_found_by_their_owner_alone(database: Database) -> None:
    with database.write() as session:
        me, them = building.owner(session, "me"), building.owner(session, "them")
        sweep = building.sweep(session, me)
        first = building.run(session, sweep, 1)
        again = building.run(session, sweep, 2, reused_from_id=first.id)
        building.weights(session, first, b"x")
    with database.read() as session:
        assert find_run(session, me, again.public_id).reused_from == first.public_id
        assert find_weights(session, me, first.public_id, "final").content == b"x"
        for owner, name in ((them, first.public_id), (me, "r_1")):
            with pytest.raises(NotFound):
                find_run(session, owner, name)
            with pytest.raises(NotFound):
                find_weights(session, owner, name, "final")
        with pytest.raises(NotFound, match="there is no sweep"):
            list_runs(session, them, RunFilter(sweep=sweep.public_id), order=Order("number"), limit=1)
