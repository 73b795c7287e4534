"""A run's network answers rows with the bits of its own evaluation, and says what is wrong with a row."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load
from sqlalchemy import select
from sqlalchemy.orm import undefer
from starlette.testclient import TestClient

from core.configuration import resolve
from core.evaluation import predict
from service.api.schemas.prediction import EXAMPLES, Predictions
from service.datasets import builtin
from service.datasets.preprocessing import Preprocessing
from service.datasets.split import SplitPlan
from service.datasets.table import Column, Table
from service.datasets.targets import NumberTarget
from service.store.database import Database
from service.store.schema import Sweep
from tests.service.training import FEATURES, mixed_table, rows_of, trained

Train = Callable[..., Sequence[str]]


@pytest.fixture
def train(database: Database, tmp_path: Path) -> Train:
    """Train a small sweep; the ids of its runs."""
    return lambda *table, **sweep: trained(database, tmp_path / "home", *table, **sweep)


def answers(client: TestClient, run: str, body: Mapping[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/api/v1/runs/{run}:predict", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert all(set(each) == {"class", "probabilities", "outputs", "values"} for each in found["predictions"])
    return found


def faults(client: TestClient, run: str, body: object) -> dict[str, str]:
    answer = client.post(f"/api/v1/runs/{run}:predict", json=body)
    assert answer.status_code == 422, answer.text
    return {fault["path"]: fault["message"] for fault in answer.json()["errors"]}


def sweep_of(database: Database) -> Sweep:
    with database.read() as session:
        return session.scalars(
            select(Sweep).options(undefer(Sweep.preprocessing), undefer(Sweep.split))
        ).one()


def test_answers_on_the_test_rows_have_the_runs_own_accuracy(
    client: TestClient, database: Database, train: Train
) -> None:
    (run,) = train(dataset="iris", parameters={"epochs": 20, "learning_rate": 0.1})
    table = builtin.load("iris")
    rows = SplitPlan.from_json(sweep_of(database).split).test_rows.tolist()
    found = answers(client, run, {"rows": rows_of(table, rows)})
    right = [
        each["class"] == row["species"]
        for each, row in zip(found["predictions"], rows_of(table, rows), strict=True)
    ]
    stored = client.get(f"/api/v1/runs/{run}").json()
    assert np.mean(right) == stored["metrics"]["test_accuracy"]["last"]
    assert found["ignored_columns"] == ["species"]
    assert found["weights_sha256"] == stored["weights_sha256"]
    assert found["classes"] == ["setosa", "versicolor", "virginica"]


def test_answers_on_the_test_rows_have_the_runs_own_error_in_the_users_units(
    client: TestClient, database: Database, train: Train
) -> None:
    (run,) = train(dataset="diabetes", parameters={"epochs": 5, "learning_rate": 0.05})
    table = builtin.load("diabetes")
    target = table.default_target
    rows = rows_of(table, SplitPlan.from_json(sweep_of(database).split).test_rows.tolist())
    found = answers(client, run, {"rows": rows})["predictions"]
    error = [each["values"][target] - row[target] for each, row in zip(found, rows, strict=True)]
    stored = client.get(f"/api/v1/runs/{run}").json()["metrics"]["test_rmse"]["last"]
    assert np.sqrt(np.mean(np.square(error))) == pytest.approx(stored, rel=1e-12)


@pytest.mark.parametrize("target", ["kind", "yes", ["one", "two"]], ids=["text", "boolean", "two numbers"])
def test_answers_have_the_bits_of_the_core(
    client: TestClient, database: Database, train: Train, target: Any
) -> None:
    table = mixed_table()
    (run,) = train(table, target=target, features=FEATURES, parameters={"epochs": 3})
    found = answers(client, run, {"rows": rows_of(table)})
    preprocessing = Preprocessing.from_json(sweep_of(database).preprocessing)
    weights = load(client.get(f"/api/v1/runs/{run}/weights").content)
    configuration = client.get(f"/api/v1/runs/{run}").json()["configuration"]
    expected = predict(resolve(configuration, task=preprocessing.task), weights, preprocessing.inputs(table))
    if isinstance(preprocessing.target, NumberTarget):
        values = [[each["values"]["one"], each["values"]["two"]] for each in found["predictions"]]
        assert values == preprocessing.target.original(expected).tolist()
        return
    assert [each["probabilities"] for each in found["predictions"]] == expected.tolist()
    labels = list(preprocessing.labels or ())
    assert [each["class"] for each in found["predictions"]] == [labels[k] for k in expected.argmax(axis=1)]


def test_columns_are_answered_as_rows_are(client: TestClient, train: Train) -> None:
    table = mixed_table()
    (run,) = train(table, target="kind", features=FEATURES)
    rows = rows_of(table, range(9))
    columns = {name: [row[name] for row in rows] for name in FEATURES}
    by_rows = answers(client, run, {"rows": rows})
    assert by_rows["ignored_columns"] == ["one", "two", "kind", "yes"]
    assert answers(client, run, {"columns": columns}) == {**by_rows, "ignored_columns": []}


def test_what_is_missing_is_imputed_as_in_training_however_it_is_spelled(
    client: TestClient, train: Train
) -> None:
    table = mixed_table()
    (run,) = train(table, target="kind", features=FEATURES)
    (row,) = rows_of(table, [1])
    spelled = [
        {**row, "size": value, "town": text} for value, text in ((None, None), ("NaN", ""), ("NaN", " "))
    ]
    first, *others = answers(client, run, {"rows": [*spelled, row]})["predictions"]
    assert others[0] == others[1] == first
    assert others[2] != first


def test_a_category_that_training_has_not_seen_is_none_of_them(client: TestClient, train: Train) -> None:
    table = mixed_table()
    (run,) = train(table, target="kind", features=FEATURES)
    (row,) = rows_of(table, [1])
    found = answers(client, run, {"rows": [{**row, "town": name} for name in ("Oz", "Atlantis", "Bath")]})
    first, second, third = found["predictions"]
    assert first == second != third


def test_best_weights_answer_for_themselves(client: TestClient, train: Train) -> None:
    (run,) = train(
        dataset="iris",
        keep_weights="both",
        parameters={"epochs": 30, "learning_rate": 3.0, "hidden_layers": [32]},
    )
    body = EXAMPLES["rows"]["value"]
    final, best = answers(client, run, body), answers(client, run, {**body, "which": "best"})
    assert (final["which"], best["which"]) == ("final", "best")
    assert best["weights_sha256"] != final["weights_sha256"]
    assert best["predictions"] != final["predictions"]


@pytest.mark.parametrize("loss", ["mse", "binary_cross_entropy"])
def test_other_losses_say_whether_their_outputs_are_probabilities(
    client: TestClient, train: Train, loss: str
) -> None:
    (run,) = train(dataset="iris", parameters={"epochs": 3, "loss": loss})
    for each in answers(client, run, EXAMPLES["columns"]["value"])["predictions"]:
        kept, other = ("outputs", "probabilities") if loss == "mse" else ("probabilities", "outputs")
        assert each[other] is None
        assert len(each[kept]) == 3
        assert each["class"] == ["setosa", "versicolor", "virginica"][int(np.argmax(each[kept]))]


def test_everything_that_is_wrong_with_rows_is_told_at_its_place(client: TestClient, train: Train) -> None:
    table = mixed_table()
    (run,) = train(table, target="kind", features=FEATURES)
    (good,) = rows_of(table, [1])
    bad = {name: value for name, value in good.items() if name != "size"} | {"sise": 3}
    assert faults(client, run, {"rows": [good, bad]}) == {
        "rows[1].sise": "the dataset has no column 'sise'; did you mean 'size'?",
        "rows[1].size": "the column is missing",
    }
    wrong = {**good, "size": "3", "open": 1, "town": 7, "count": True}
    assert faults(client, run, {"rows": [wrong]}) == {
        "rows[0].size": "is not a number",
        "rows[0].open": "is neither true nor false",
        "rows[0].town": "is not text",
        "rows[0].count": "is not a number",
    }
    columns = {name: [good[name]] * 2 for name in FEATURES}
    assert faults(client, run, {"columns": {**columns, "size": [1, "x"]}}) == {
        "columns.size[1]": "is not a number"
    }
    assert list(faults(client, run, {"columns": {**columns, "size": 1}})) == ["columns.size"]
    assert list(faults(client, run, {"columns": {**columns, "size": [1]}})) == ["columns"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "rows"),
        ({"rows": [], "columns": {}}, "rows"),
        ({"rows": []}, "rows"),
        ({"rows": [1]}, "rows[0]"),
        ({"rows": {}}, "rows"),
        ({"row": []}, "row"),
        ([], ""),
    ],
)
def test_what_is_no_table_is_told(client: TestClient, train: Train, body: object, path: str) -> None:
    (run,) = train(dataset="iris", parameters={"epochs": 1})
    assert path in faults(client, run, body)


def test_too_many_rows_are_refused(client: TestClient, train: Train) -> None:
    values = np.arange(20.0)
    table = Table("line", (Column("a", "number"), Column("b", "number")), (values, values * 2.5))
    (run,) = train(table, target="b", task="regression", parameters={"epochs": 1})
    assert "10,001 rows" in faults(client, run, {"columns": {"a": [0] * 10_001}})["columns"]
    assert len(answers(client, run, {"columns": {"a": [0] * 10_000}})["predictions"]) == 10_000


def test_the_examples_are_answered_as_described(client: TestClient, train: Train) -> None:
    (run,) = train(dataset="iris", parameters={"epochs": 1})
    for example in EXAMPLES.values():
        Predictions.model_validate(answers(client, run, example["value"]))


def test_a_function_answers_no_rows(client: TestClient, train: Train) -> None:
    (run,) = train(function={"expression": "x**2", "start": {"x": 1}}, parameters={"epochs": 2})
    answer = client.post(f"/api/v1/runs/{run}:predict", json=EXAMPLES["rows"]["value"])
    assert answer.status_code == 409
    assert "minimises a function" in answer.json()["detail"]


def test_a_run_without_weights_says_why(client: TestClient, train: Train) -> None:
    (run,) = train(dataset="iris", keep_weights="none", parameters={"epochs": 1})
    answer = client.post(f"/api/v1/runs/{run}:predict", json=EXAMPLES["rows"]["value"])
    assert answer.status_code == 404
    assert "keeps 'none'" in answer.json()["detail"]


def test_another_owners_run_answers_nobody_else(
    client: TestClient, other_client: TestClient, train: Train
) -> None:
    (run,) = train(dataset="iris", parameters={"epochs": 1})
    assert other_client.post(f"/api/v1/runs/{run}:predict", json={"rows": [{}]}).status_code == 404


@pytest.mark.parametrize("dataset", ["iris", "diabetes"])
def test_a_diverged_run_answers_with_the_weights_that_were_last_good(
    client: TestClient, train: Train, dataset: str
) -> None:
    (run,) = train(dataset=dataset, parameters={"epochs": 5, "learning_rate": 1e6, "loss": "mse"})
    assert client.get(f"/api/v1/runs/{run}").json()["state"] == "diverged"
    rows = rows_of(builtin.load(dataset), [0, 1])
    answer = client.post(f"/api/v1/runs/{run}:predict", json={"rows": rows})
    assert answer.status_code == 200
    Predictions.model_validate(json.loads(answer.text, parse_constant=pytest.fail))
    assert client.get(f"/api/v1/runs/{run}/weights?format=onnx").status_code == 200


def test_weights_that_are_named_in_the_address_are_not_taken_for_others(
    client: TestClient, train: Train
) -> None:
    (run,) = train(dataset="iris", keep_weights="both", parameters={"epochs": 1})
    answer = client.post(f"/api/v1/runs/{run}:predict?which=best", json=EXAMPLES["rows"]["value"])
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "which"
    assert "in the body" in answer.json()["errors"][0]["allowed"]
