"""A stored run's network is traced with a row of its dataset, or with one that came from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.api.schemas.trace import Trace
from service.datasets import builtin
from service.store.database import Database
from tests.service.training import FEATURES, mixed_table, rows_of, trained

Train = Callable[..., Sequence[str]]
IRIS: dict[str, Any] = {"dataset": "iris", "parameters": {"epochs": 3, "hidden_layers": [4]}}


@pytest.fixture
def train(database: Database, tmp_path: Path) -> Train:
    """Train a small sweep; the ids of its runs."""
    return lambda *table, **sweep: trained(database, tmp_path / "home", *table, **sweep)


def traced(client: TestClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/trace", json=body)
    assert answer.status_code == 200, answer.text
    Trace.model_validate(answer.json())
    found: dict[str, Any] = answer.json()
    return found


def outputs(found: dict[str, Any]) -> list[float]:
    return [unit["values"][0]["value"] for unit in found["stages"][-1]["units"]]


def test_a_traced_row_has_the_probabilities_that_the_run_predicts(client: TestClient, train: Train) -> None:
    (run,) = train(**IRIS)
    (row,) = rows_of(builtin.load("iris"), [120])
    found = traced(client, run_id=run, row=120)
    predicted = client.post(f"/api/v1/runs/{run}:predict", json={"rows": [row]}).json()["predictions"][0]
    assert outputs(found) == pytest.approx(predicted["probabilities"], rel=1e-5)
    assert found["of_run"]["outputs"] == ["setosa", "versicolor", "virginica"]
    assert found["configuration"]["sizes"] == [4, 4, 3]
    assert found["configuration"]["loss"] == "cross_entropy"
    assert found["targets"][0][2]["value"] == 1


def test_a_row_from_outside_is_traced_as_the_stored_one(client: TestClient, train: Train) -> None:
    (run,) = train(**IRIS)
    (row,) = rows_of(builtin.load("iris"), [7])
    assert traced(client, run_id=run, example=row) == traced(client, run_id=run, row=7)


def test_a_regression_is_traced_in_standardized_units(client: TestClient, train: Train) -> None:
    table = mixed_table()
    parameters = {"epochs": 1, "hidden_layers": [2]}
    (run,) = train(table, target=["one", "two"], features=FEATURES, parameters=parameters)
    (row,) = rows_of(table, [4])
    found = traced(client, run_id=run, row=4, learning_rate="1/10", steps=3)
    assert found == traced(client, run_id=run, example=row, learning_rate="1/10", steps=3)
    assert found["of_run"]["outputs"] == ["one", "two"]
    assert "town = Bath" in found["of_run"]["inputs"]
    assert all(abs(target["value"]) < 4 for target in found["targets"][0])
    assert len(found["losses"]) == 4


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"row": 150}, "row"),
        ({}, "row"),
        ({"row": 1, "example": {}}, "row"),
        ({"example": {}}, "example.species"),
        ({"row": 1, "layers": []}, "layers"),
        ({"row": 1, "loss": "mse"}, "loss"),
        ({"row": -1}, "row"),
        ({"row": 1, "paths_of": ["x"]}, "paths_of[0]"),
    ],
)
def test_what_does_not_go_with_a_run_is_told(
    client: TestClient, train: Train, body: dict[str, Any], path: str
) -> None:
    (run,) = train(**IRIS)
    answer = client.post("/api/v1/trace", json={"run_id": run, **body})
    assert answer.status_code == 422, answer.text
    assert path in [fault["path"] for fault in answer.json()["errors"]]


def test_a_target_that_is_missing_or_unknown_is_told(client: TestClient, train: Train) -> None:
    (run,) = train(**IRIS)
    (row,) = rows_of(builtin.load("iris"), [7])
    for species, said in ((None, "missing"), ("rose", "no class of this sweep")):
        answer = client.post("/api/v1/trace", json={"run_id": run, "example": {**row, "species": species}})
        assert answer.status_code == 422
        assert said in answer.json()["errors"][0]["message"]


def test_a_network_too_large_to_be_traced_says_so(client: TestClient, train: Train) -> None:
    (run,) = train(dataset="iris", parameters={"epochs": 1, "hidden_layers": [65]})
    answer = client.post("/api/v1/trace", json={"run_id": run, "row": 0})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "run_id"


def test_another_owners_run_is_not_traced(client: TestClient, other_client: TestClient, train: Train) -> None:
    (run,) = train(**IRIS)
    assert other_client.post("/api/v1/trace", json={"run_id": run, "row": 0}).status_code == 404


def test_a_run_over_a_function_has_no_network_to_trace(client: TestClient, train: Train) -> None:
    (run,) = train(function={"expression": "x**2", "start": {"x": 1}}, parameters={"epochs": 2})
    assert client.post("/api/v1/trace", json={"run_id": run, "row": 0}).status_code == 409
