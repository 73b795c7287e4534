"""A run's evaluation on its test rows agrees with what was measured at its end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from service.datasets import builtin
from service.lifecycle.evaluate import evenly
from service.store.database import Database
from tests.service.training import mixed_table, rows_of, trained


def test_the_confusion_is_the_one_that_the_worker_counted(
    client: TestClient, database: Database, tmp_path: Path
) -> None:
    (run,) = trained(database, tmp_path / "home", dataset="iris", parameters={"epochs": 20})
    found = client.get(f"/api/v1/runs/{run}/evaluation").json()
    stored = client.get(f"/api/v1/runs/{run}").json()
    assert found["classes"] == ["setosa", "versicolor", "virginica"]
    assert found["confusion"] == stored["test_confusion"]
    assert found["test_rows"] == found["evaluated_rows"] == np.sum(stored["test_confusion"])
    assert found["correct"] / found["test_rows"] == stored["metrics"]["test_accuracy"]["last"]
    assert found["weights_sha256"] == stored["weights_sha256"]
    assert found["columns"] is None


def test_true_and_predicted_values_are_in_the_users_units(
    client: TestClient, database: Database, tmp_path: Path
) -> None:
    parameters = {"epochs": 5, "learning_rate": 0.05}
    (run,) = trained(database, tmp_path / "home", dataset="diabetes", parameters=parameters)
    found = client.get(f"/api/v1/runs/{run}/evaluation").json()
    (column,) = found["columns"]
    table = builtin.load("diabetes")
    assert column["column"] == table.default_target
    rows = rows_of(table, column["rows"])
    assert column["true"] == [row[column["column"]] for row in rows]
    answers = client.post(f"/api/v1/runs/{run}:predict", json={"rows": rows}).json()
    assert column["predicted"] == [each["values"][column["column"]] for each in answers["predictions"]]
    errors = np.subtract(column["true"], column["predicted"])
    stored = client.get(f"/api/v1/runs/{run}").json()["metrics"]["test_rmse"]["last"]
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(stored, rel=1e-12)


def test_each_of_several_targets_is_told_and_points_can_be_fewer(
    client: TestClient, database: Database, tmp_path: Path
) -> None:
    (run,) = trained(
        database, tmp_path / "home", mixed_table(), target=["one", "two"], parameters={"epochs": 2}
    )
    found = client.get(f"/api/v1/runs/{run}/evaluation?points=3").json()
    assert [column["column"] for column in found["columns"]] == ["one", "two"]
    assert [len(column["true"]) for column in found["columns"]] == [3, 3]
    assert found["evaluated_rows"] == 9
    refused = client.get(f"/api/v1/runs/{run}/evaluation?points=0")
    assert refused.status_code == 422


def test_best_weights_are_evaluated_where_they_are_kept(
    client: TestClient, database: Database, tmp_path: Path
) -> None:
    (run,) = trained(
        database, tmp_path / "home", dataset="iris", keep_weights="best", parameters={"epochs": 3}
    )
    assert client.get(f"/api/v1/runs/{run}/evaluation?which=best").json()["which"] == "best"
    missing = client.get(f"/api/v1/runs/{run}/evaluation")
    assert missing.status_code == 404
    assert "keeps 'best'" in missing.json()["detail"]


def test_a_function_and_a_sweep_without_test_rows_have_nothing_to_evaluate(
    client: TestClient, database: Database, tmp_path: Path
) -> None:
    function = {"expression": "x**2", "start": {"x": 1.0}}
    (run,) = trained(database, tmp_path / "home", function=function)
    assert client.get(f"/api/v1/runs/{run}/evaluation").status_code == 409
    split = {"train": 0.8, "validation": 0.2}
    (run,) = trained(database, tmp_path / "home", dataset="iris", split=split)
    refused = client.get(f"/api/v1/runs/{run}/evaluation")
    assert refused.status_code == 409
    assert "no test rows" in refused.json()["detail"]


def test_a_stranger_finds_nothing(client: TestClient) -> None:
    run = "r_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10"
    assert client.get(f"/api/v1/runs/{run}/evaluation").status_code == 404


def test_rows_are_thinned_at_equal_distances() -> None:
    rows = np.arange(1_000, dtype=np.int64)
    assert evenly(rows, 3).tolist() == [0, 499, 999]
    assert evenly(rows, 1_000) is rows
