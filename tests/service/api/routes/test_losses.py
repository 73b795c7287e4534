from __future__ import annotations

import json
import math

import pytest
from starlette.testclient import TestClient

from service.api.routes import runs as routes
from service.store.database import Database
from tests.service.api import building

COLUMNS = [
    "epoch",
    "train_loss",
    "train_score",
    "validation_loss",
    "validation_score",
    "learning_rate",
    "gradient_norm",
    "update_ratio",
]


@pytest.fixture
def runs(database: Database) -> list[str]:
    """Two runs of one rate and one of another, the last with values that are not finite."""
    with database.write() as session:
        sweep = building.sweep(session, building.owner(session, "local"))
        found = [
            building.run(session, sweep, number, learning_rate=0.1 * (1 + number // 3), epoch=epoch)
            for number, epoch in ((1, 4), (2, 2), (3, 4))
        ]
        building.losses(session, found[0], [1.0, 0.5, 0.25, 0.125])
        building.losses(session, found[1], [3.0, 1.5])
        building.losses(session, found[2], [math.inf, math.nan, -math.inf, 2.0])
        return [run.public_id for run in found]


def test_losses_are_a_table_with_an_epoch_per_row(client: TestClient, runs: list[str]) -> None:
    assert client.get(f"/api/v1/runs/{runs[1]}/losses").json() == {
        "run": runs[1],
        "columns": COLUMNS,
        "score": "accuracy",
        "rows": [
            [1, 0.5, 0.75, 3.0, None, 0.1, 1.5, 0.01],
            [2, 0.25, 0.75, 1.5, None, 0.1, 1.5, 0.01],
        ],
    }


def test_values_that_are_not_finite_are_words(client: TestClient, runs: list[str]) -> None:
    answer = client.get(f"/api/v1/runs/{runs[2]}/losses")
    document = json.loads(answer.text, parse_constant=pytest.fail)
    assert [row[3] for row in document["rows"]] == ["Infinity", "NaN", "-Infinity", 2.0]


def test_reading_goes_on_after_an_epoch(client: TestClient, runs: list[str]) -> None:
    rows = client.get(f"/api/v1/runs/{runs[0]}/losses?after_epoch=2").json()["rows"]
    assert [row[0] for row in rows] == [3, 4]
    assert client.get(f"/api/v1/runs/{runs[0]}/losses?after_epoch=2147483647").json()["rows"] == []


def test_a_long_curve_is_reduced_and_its_spike_survives(client: TestClient, database: Database) -> None:
    with database.write() as session:
        sweep = building.sweep(session, building.owner(session, "local"))
        run = building.run(session, sweep, 1)
        building.losses(session, run, [1 / e if e != 777 else math.inf for e in range(1, 1001)])
        name = run.public_id
    rows = client.get(f"/api/v1/runs/{name}/losses?max_points=40").json()["rows"]
    assert len(rows) <= 40
    assert (rows[0][0], rows[-1][0]) == (1, 1000)
    assert [row[0] for row in rows if row[3] == "Infinity"] == [777]
    assert len(client.get(f"/api/v1/losses?run_ids={name}&max_points=40").json()["items"][0]["rows"]) <= 40


def test_the_losses_of_several_runs_come_in_the_order_asked_for(client: TestClient, runs: list[str]) -> None:
    items = client.get(f"/api/v1/losses?run_ids={runs[2]},{runs[0]},{runs[2]}&after_epoch=3").json()["items"]
    assert [(item["run"], len(item["rows"])) for item in items] == [(runs[2], 1), (runs[0], 1)]


@pytest.mark.parametrize(
    ("run_ids", "path"),
    [
        ("", "run_ids"),
        (",", "run_ids"),
        ("r_1", "run_ids[0]"),
        ("r_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10,x", "run_ids[1]"),
        (",".join(["r_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10"] * 201), "run_ids"),
    ],
)
def test_ids_that_are_wrong_are_named(client: TestClient, run_ids: str, path: str) -> None:
    answer = client.get("/api/v1/losses", params={"run_ids": run_ids})
    assert answer.status_code == 422
    assert path in [fault["path"] for fault in answer.json()["errors"]]


def test_one_run_that_is_not_there_is_named(client: TestClient, runs: list[str]) -> None:
    unknown = "r_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10"
    answer = client.get(f"/api/v1/losses?run_ids={runs[0]},{unknown}")
    assert answer.status_code == 404
    assert unknown in answer.json()["detail"]


@pytest.mark.parametrize(
    "query", ["max_points=9", "max_points=10001", "after_epoch=-1", "after_epoch=2147483648", "x=1"]
)
def test_the_bounds_of_what_can_be_asked_for_are_kept(
    client: TestClient, runs: list[str], query: str
) -> None:
    assert client.get(f"/api/v1/runs/{runs[0]}/losses?{query}").status_code == 422
    assert client.get(f"/api/v1/losses?run_ids={runs[0]}&{query}").status_code == 422


def curves(client: TestClient, run: str, query: str = "") -> dict[str, object]:
    sweep = client.get(f"/api/v1/runs/{run}").json()["sweep"]
    answer = client.get(f"/api/v1/sweeps/{sweep}/curves{query}")
    assert answer.status_code == 200, answer.text
    document: dict[str, object] = answer.json()
    return document


def test_curves_are_means_over_the_runs_of_a_setting_that_have_a_finite_value(
    client: TestClient, runs: list[str]
) -> None:
    document = curves(client, runs[0])
    assert document == {
        "column": "validation_loss",
        "items": [
            {
                "setting": {"learning_rate": 0.1},
                "epochs": [1, 2, 3, 4],
                "mean": [2.0, 1.0, 0.25, 0.125],
                "low": [1.0, 0.5, 0.25, 0.125],
                "high": [3.0, 1.5, 0.25, 0.125],
                "n": [2, 2, 1, 1],
            },
            {
                "setting": {"learning_rate": 0.2},
                "epochs": [1, 2, 3, 4],
                "mean": [None, None, None, 2.0],
                "low": [None, None, None, 2.0],
                "high": [None, None, None, 2.0],
                "n": [0, 0, 0, 1],
            },
        ],
        "next_cursor": None,
    }


def test_curves_come_page_by_page(client: TestClient, runs: list[str]) -> None:
    first = curves(client, runs[0], "?limit=1")
    assert first["next_cursor"]
    second = curves(client, runs[0], f"?limit=1&cursor={first['next_cursor']}")
    assert second["next_cursor"] is None
    assert [*first["items"], *second["items"]] == curves(client, runs[0])["items"]  # type: ignore[misc]


def test_a_setting_may_pool_what_it_does_not_name(client: TestClient, runs: list[str]) -> None:
    document = curves(client, runs[0], "?group_by=&column=validation_loss")
    (item,) = document["items"]  # type: ignore[misc]
    assert (item["setting"], item["n"]) == ({}, [2, 2, 1, 2])  # type: ignore[has-type]


def test_the_curves_of_some_configurations_can_be_asked_for(client: TestClient, runs: list[str]) -> None:
    digest = client.get(f"/api/v1/runs/{runs[2]}").json()["configuration_hash"]
    (item,) = curves(client, runs[0], f"?configurations={digest}")["items"]  # type: ignore[misc]
    assert item["setting"] == {"learning_rate": 0.2}  # type: ignore[has-type]


def test_a_long_curve_keeps_its_extremes_and_its_end(client: TestClient, runs: list[str]) -> None:
    (first, second) = curves(client, runs[0], "?max_points=2")["items"]  # type: ignore[misc]
    assert first == {  # type: ignore[has-type]
        "setting": {"learning_rate": 0.1},
        "epochs": [2, 4],
        "mean": [1.0, 0.125],
        "low": [0.5, 0.125],
        "high": [3.0, 0.25],
        "n": [2, 1],
    }
    assert (second["low"], second["high"]) == ([None, 2.0], [None, 2.0])  # type: ignore[has-type]


@pytest.mark.parametrize(
    ("column", "found"), [("train_accuracy", "train_score"), ("gradient_norm", "gradient_norm")]
)
def test_a_column_may_be_called_by_its_public_name(
    client: TestClient, runs: list[str], column: str, found: str
) -> None:
    assert curves(client, runs[0], f"?column={column}")["column"] == found


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("column=epoch", "column"),
        ("column=test_loss", "column"),
        ("group_by=momentum", "group_by"),
        ("limit=0", "limit"),
        ("max_points=1", "max_points"),
        ("configurations=abc", "configurations"),
        (f"configurations={'a' * 64}", "configurations"),
    ],
)
def test_a_curve_of_what_is_not_there_is_refused(
    client: TestClient, runs: list[str], query: str, path: str
) -> None:
    sweep = client.get(f"/api/v1/runs/{runs[0]}").json()["sweep"]
    answer = client.get(f"/api/v1/sweeps/{sweep}/curves?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == path


def test_many_rows_come_page_by_page(
    client: TestClient, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = ",".join(runs)
    whole = client.get(f"/api/v1/losses?run_ids={wanted}").json()
    assert whole["next_cursor"] is None
    monkeypatch.setattr(routes, "MOST_LOSSES_AT_ONCE", 6)
    first = client.get(f"/api/v1/losses?run_ids={wanted}").json()
    rest = client.get(f"/api/v1/losses?run_ids={wanted}&cursor={first['next_cursor']}").json()
    assert [first["items"], rest["items"]] == [whole["items"][:2], whole["items"][2:]]
    assert rest["next_cursor"] is None
    monkeypatch.setattr(routes, "MOST_LOSSES_AT_ONCE", 1)
    assert len(client.get(f"/api/v1/losses?run_ids={wanted}").json()["items"]) == 1
    assert client.get(f"/api/v1/losses?run_ids={wanted}&cursor=x").status_code == 422
