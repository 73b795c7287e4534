from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from service.errors import NotFound
from service.planning.query.reading import read_order
from service.store.database import Database
from service.store.run_queries import RunFilter, find_run, find_weights, list_runs
from tests.service.api import building

BY_NUMBER = read_order("number")


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
            found = list_runs(session, owner, RunFilter(**which), order=BY_NUMBER, limit=10)
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
            list_runs(session, them, RunFilter(sweep=sweep.public_id), order=BY_NUMBER, limit=1)


@pytest.mark.parametrize(
    ("order", "values"),
    [
        ("validation_loss", [2**53 - 1, -(2**53) + 1, 1e308, -5e-324, None]),
        ("number", [2**53 - 1, -(2**53) + 1, 0.5]),
        ("epoch", [2**53 - 1, -(2**53) + 1]),
        ("started_at", [2**53 - 1, 1e300, None]),
        ("tags.course", ["", "~" * 400, "ä", None]),
        ("id", ["", "~"]),
    ],
)
def test_any_place_that_a_cursor_may_hold_is_understood(
    database: Database, order: str, values: list[Any]
) -> None:
    with database.write() as session:
        owner = building.owner(session, "me")
        building.run(session, building.sweep(session, owner), 1)
    keys = read_order(order)
    for value in values:
        with database.read() as session:
            place = (value,) if order == "id" else (value, "x")
            list_runs(session, owner, RunFilter(), order=keys, limit=1, after=place)


def test_what_several_keys_of_an_order_stand_beside_is_joined_once(database: Database) -> None:
    with database.write() as session:
        owner = building.owner(session, "me")
    order = read_order("params.activation, -params.learning_rate, configuration_hash, tags.x, sweep_name")
    told: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: told.append(call[2]))
    with database.read() as session:
        list_runs(session, owner, RunFilter(), order=order, limit=1)
    # Once for the order, and once for what is shown of the page.
    assert [told[-1].count(f"JOIN {table} ") for table in ("configurations", "sweeps")] == [2, 2]
