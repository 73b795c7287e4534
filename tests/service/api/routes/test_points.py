"""Runs as points of a chart: settings once, a short row for each run."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.planning.statuses import Role, RunState
from service.store.database import Database
from tests.service.api import building

COLUMNS = ["run", "number", "seed", "setting", "state", "epoch", "value", "collapsed", "converged"]


@pytest.fixture
def sweep(database: Database) -> str:
    """Two runs of one rate, one of another that diverged, and a baseline."""
    loss = {"validation_loss": {"last": 0.25}}
    with database.write() as session:
        found = building.sweep(session, building.owner(session, "local"))
        building.run(session, found, 1, state=RunState.COMPLETED, epoch=4, metrics=loss)
        building.run(session, found, 2, collapsed=True)
        diverged = {"state": RunState.DIVERGED, "epoch": 2, "metrics": {"validation_loss": {"last": "NaN"}}}
        building.run(session, found, 3, learning_rate=0.2, **diverged)
        building.run(session, found, 4, learning_rate=0.3, role=Role.LINEAR)
        return found.public_id


def points(client: TestClient, sweep: str, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/api/v1/sweeps/{sweep}/points{query}")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def test_points_are_the_runs_of_the_search(client: TestClient, sweep: str) -> None:
    document = points(client, sweep)
    assert document["settings"] == [{"learning_rate": 0.1}, {"learning_rate": 0.2}]
    assert (document["sweep"], document["metric"], document["next_cursor"]) == (
        sweep,
        "validation_loss",
        None,
    )
    assert document["columns"] == COLUMNS
    assert [row[1:] for row in document["rows"]] == [
        [1, 0, 0, "completed", 4, 0.25, False, None],
        [2, 1, 0, "queued", 0, None, True, None],
        [3, 2, 1, "diverged", 2, None, False, None],
    ]
    assert all(row[0].startswith("r_") for row in document["rows"])


def test_points_come_page_by_page_each_with_its_settings(client: TestClient, sweep: str) -> None:
    first = points(client, sweep, "?limit=2")
    second = points(client, sweep, f"?limit=2&cursor={first['next_cursor']}")
    assert [row[1] for row in first["rows"] + second["rows"]] == [1, 2, 3]
    assert (second["settings"], second["rows"][0][3]) == ([{"learning_rate": 0.2}], 0)
    assert second["next_cursor"] is None


def test_the_points_of_a_function_say_whether_they_converged(client: TestClient, database: Database) -> None:
    with database.write() as session:
        owner = building.owner(session, "local")
        found = building.sweep(session, owner, task="function", metric="train_loss")
        metrics = {"train_loss": {"last": -4.0}, "arrival": {"converged": False, "turns": 3}}
        building.run(session, found, 1, state=RunState.COMPLETED, metrics=metrics)
        name = found.public_id
    assert points(client, name)["rows"][0][4:] == ["completed", 0, -4.0, False, False]


@pytest.mark.parametrize("query", ["limit=0", "limit=10001", "cursor=x", "metric=test_loss"])
def test_the_bounds_of_points_are_kept(client: TestClient, sweep: str, query: str) -> None:
    assert client.get(f"/api/v1/sweeps/{sweep}/points?{query}").status_code == 422
