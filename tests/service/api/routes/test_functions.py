"""A sweep over a function is submitted, previewed and read over HTTP like one over a dataset."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save
from starlette.testclient import TestClient

from service.store.database import Database
from tests.service.api import building

CUBIC: dict[str, Any] = {"expression": "x**3 + 3*x**2", "start": {"x": -1.9}}
BODY: dict[str, Any] = {
    "function": CUBIC,
    "parameters": {"learning_rate": {"values": [0.1, 0.2, 0.4]}, "epochs": 50},
}
ARRIVAL = {
    "converged": False,
    "standing": "unconverged",
    "value": 0.3,
    "derivative": 2.1,
    "turns": 97,
    "variables": {"x": 0.3},
}


def test_a_submitted_function_is_shown_where_a_dataset_would_be(client: TestClient) -> None:
    answer = client.post("/api/v1/sweeps", json=BODY)
    assert answer.status_code == 201, answer.text
    sweep = client.get(answer.headers["location"]).json()
    assert sweep["dataset"] is None
    assert sweep["function"] == {**CUBIC, "tolerance": 1e-6}
    assert (sweep["task"], sweep["split"], sweep["seeds"]) == ("function", None, [0])
    assert sweep["metric"] == {"name": "train_loss", "goal": "minimize"}
    assert (sweep["runs"], sweep["counts"]["queued"]) == (3, 3)
    assert sweep["warnings"] == []
    (listed,) = client.get("/api/v1/sweeps").json()["items"]
    assert listed["function"]["expression"] == CUBIC["expression"]


def test_a_preview_counts_variables(client: TestClient) -> None:
    function = {"expression": "(1 - x)**2 + 100*(y - x**2)**2", "start": {"x": 0, "y": 0}}
    preview = client.post("/api/v1/sweeps:preview", json={**BODY, "function": function}).json()
    assert (preview["runs"], preview["baseline_runs"]) == (3, 0)
    assert preview["parameters_per_network"] == {"min": 2, "max": 2}
    assert preview["estimated_bytes"] >= 3 * 50 * 100


def test_a_mistake_in_the_expression_is_a_422_that_points_at_it(client: TestClient) -> None:
    answer = client.post("/api/v1/sweeps", json={"function": {"expression": "x**2 + * 3", "start": {"x": 1}}})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["path"] == "function.expression"
    assert fault["message"].endswith("at character 8")
    assert fault["allowed"]
    assert client.get("/api/v1/sweeps").json()["items"] == []


@pytest.mark.parametrize(
    "function", [{"expression": "x" * 100_000, "start": {}}, {"start": {"x": 1}}, "x", []]
)
def test_a_hostile_function_is_a_422(client: TestClient, function: object) -> None:
    assert client.post("/api/v1/sweeps", json={"function": function}).status_code == 422


@pytest.fixture
def run(database: Database) -> str:
    """A run that ended without having converged."""
    with database.write() as session:
        sweep = building.sweep(
            session,
            building.owner(session, "local"),
            task="function",
            metric="train_loss",
            seeds=[0],
            function={**CUBIC, "tolerance": 1e-6},
            split_counts={"train": 0, "validation": 0, "test": 0, "resample": False},
            constant={},
        )
        metrics = {"train_loss": {"last": 0.5, "best": 0.1, "min": 0.1, "max": 9.0}, "arrival": ARRIVAL}
        found = building.run(
            session, sweep, 1, state="completed", metrics=metrics, weights_sha256="a" * 64, seed=0
        )
        building.weights(session, found, save({"x": np.array(0.3)}))
        building.losses(session, found, [None, None])
        return found.public_id


def test_a_run_says_where_it_has_arrived(client: TestClient, run: str) -> None:
    shown = client.get(f"/api/v1/runs/{run}").json()
    assert shown["arrival"] == ARRIVAL
    assert list(shown["metrics"]) == ["train_loss"]
    assert client.get("/api/v1/runs").json()["items"][0]["arrival"] == ARRIVAL


def test_its_variables_come_as_weights_in_every_format(client: TestClient, run: str) -> None:
    address = f"/api/v1/runs/{run}/weights"
    assert json.loads(client.get(address, params={"format": "json"}).text) == {
        "x": {"dtype": "float64", "shape": [], "data": 0.3}
    }
    for form in ("safetensors", "npz"):
        assert client.get(address, params={"format": form}).status_code == 200


def test_its_losses_have_no_score(client: TestClient, run: str) -> None:
    losses = client.get(f"/api/v1/runs/{run}/losses").json()
    assert losses["score"] is None
    assert len(losses["rows"]) == 2


def test_the_summary_counts_it_as_not_converged(client: TestClient, run: str) -> None:
    sweep = client.get(f"/api/v1/runs/{run}").json()["sweep"]
    summary = client.get(f"/api/v1/sweeps/{sweep}/summary").json()
    (setting,) = summary["settings"]
    assert (setting["unconverged"], setting["unturned"], setting["eligible"]) == (1, 0, False)
    assert summary["best"] is None
    assert summary["headline"].startswith("None of 1 rate converged")


def test_a_network_has_no_arrival(client: TestClient, database: Database) -> None:
    with database.write() as session:
        sweep = building.sweep(session, building.owner(session, "local"))
        found = building.run(session, sweep, 1, state="completed").public_id
    assert client.get(f"/api/v1/runs/{found}").json()["arrival"] is None
