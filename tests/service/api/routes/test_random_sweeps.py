"""A random search over HTTP: how much it draws, what it tells, and how it is extended."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from core.calibration import Calibration, Point
from core.environment import environment_class
from service.lifecycle.calibrations import keep_calibration
from service.lifecycle.workers import register_worker
from service.store.database import Database

SEARCH: dict[str, Any] = {
    "dataset": "iris",
    "method": "random",
    "run_cap": 6,
    "seeds": 2,
    "baselines": False,
    "parameters": {
        "learning_rate": {"distribution": "log_uniform_values", "min": 1e-3, "max": 1},
        "optimizer": {"values": ["sgd", "adam"], "probabilities": [0.3, 0.7]},
        "epochs": 3,
    },
}


def points(client: TestClient, sweep: Any) -> list[tuple[Any, ...]]:
    runs = client.get(sweep["links"]["runs"] + "&order_by=number").json()["items"]
    names = ("learning_rate", "optimizer")
    return [(*(run["parameters"][name] for name in names), run["seed"], run["number"]) for run in runs]


def test_a_random_search_has_its_cap_of_configurations_each_with_every_seed(client: TestClient) -> None:
    sweep = client.post("/api/v1/sweeps", json=SEARCH).json()
    assert (sweep["method"], sweep["runs"], sweep["varied"]) == ("random", 12, ["learning_rate", "optimizer"])
    assert [seed for *_, seed, _ in points(client, sweep)] == [0, 1] * 6
    again = client.post("/api/v1/sweeps", json=SEARCH | {"name": "again"}).json()
    assert points(client, again) == points(client, sweep)
    other = client.post("/api/v1/sweeps", json=SEARCH | {"search_seed": 1}).json()
    assert points(client, other) != points(client, sweep)


def test_more_draws_are_added_behind_those_that_are_there(client: TestClient) -> None:
    sweep = client.post("/api/v1/sweeps", json=SEARCH).json()
    extend = f"/api/v1/sweeps/{sweep['id']}:extend"
    before = points(client, sweep)
    answer = client.post(extend, json={"run_cap": 9})
    assert answer.status_code == 200, answer.text
    assert answer.json()["runs"] == 18
    after = points(client, sweep)
    assert after[:12] == before
    whole = client.post("/api/v1/sweeps", json=SEARCH | {"run_cap": 9}).json()
    assert after == points(client, whole)
    assert client.post(extend, json={"run_cap": 9}).json()["runs"] == 18
    assert client.post(extend, json={"run_cap": 8}).json()["errors"][0]["path"] == "run_cap"
    refused = client.post(extend, json={"parameters": {"epochs": {"values": [4]}}}).json()
    assert refused["errors"][0]["path"] == "parameters"


def test_a_grid_cannot_be_extended_by_draws(client: TestClient) -> None:
    grid = {"dataset": "iris", "parameters": {"learning_rate": 0.1, "epochs": 2}, "seeds": 1}
    sweep = client.post("/api/v1/sweeps", json=grid).json()
    answer = client.post(f"/api/v1/sweeps/{sweep['id']}:extend", json={"run_cap": 9})
    assert "belongs to a random search" in answer.json()["errors"][0]["message"]


def test_draws_that_repeat_others_are_told(client: TestClient) -> None:
    discrete = {"optimizer": {"values": ["sgd", "adam"]}, "epochs": 2}
    preview = client.post("/api/v1/sweeps:preview", json=SEARCH | {"parameters": discrete}).json()
    assert preview["runs"] == 4
    assert "2 configurations in 6 draws: 4 came to one that was drawn before" in preview["warnings"][0]


def test_a_grid_may_not_have_more_than_its_cap(client: TestClient) -> None:
    grid = {"dataset": "iris", "parameters": {"learning_rate": {"values": [0.1, 0.2]}}, "run_cap": 1}
    answer = client.post("/api/v1/sweeps:preview", json=grid)
    assert answer.json()["errors"][0]["path"] == "run_cap"
    assert client.post("/api/v1/sweeps:preview", json=grid | {"run_cap": 2}).status_code == 200


def test_a_preview_tells_no_seconds_before_a_worker_has_measured_its_machine(
    client: TestClient, database: Database
) -> None:
    preview = client.post("/api/v1/sweeps:preview", json=SEARCH).json()
    assert (preview["reused_runs"], preview["estimated_seconds"]) == (0, None)
    points = (Point(64, 2**20, 8, 400.0), Point(256, 2**20, 2, 60.0))
    with database.write() as session:
        register_worker(session, name="w1", host="h", process_id=1, environment=environment_class())
        keep_calibration(session, "w1", Calibration(2**20, points))
    told = client.post("/api/v1/sweeps:preview", json=SEARCH).json()["estimated_seconds"]
    assert 0 < told < 60
