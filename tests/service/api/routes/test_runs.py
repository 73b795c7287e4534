from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from service.api.schemas.run import Runs
from service.store.database import Database
from service.store.schema import Environment, Sweep
from tests.service.api import building


@pytest.fixture
def sweep(database: Database) -> str:
    """Five runs of two rates: one diverged, one never started, one baseline."""
    with database.write() as session:
        found = building.sweep(session, building.owner(session, "local"))
        session.add(Environment(hash="e" * 64, document={"numpy": "2.4.6"}))
        session.flush()
        values: list[dict[str, Any]] = [
            {"validation_loss": 0.5, "state": "completed", "environment_class": "e" * 64, "epoch": 4},
            {"validation_loss": 0.25, "state": "completed", "weights_sha256": "a" * 64},
            {"state": "diverged", "epoch": 2, "diverged_step": 7, "diverged_tensor": "layers.0.weight"},
            {"validation_loss": 0.25, "state": "running"},
            {"role": "linear"},
        ]
        for number, changes in enumerate(values, start=1):
            building.run(session, found, number, learning_rate=0.1 * number, **changes)
        return found.public_id


def numbers(client: TestClient, query: str) -> list[int]:
    """The numbers of the listed runs, over pages of two."""
    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = client.get(f"/api/v1/runs?limit=2&{query}{cursor and f'&cursor={cursor}'}")
        assert answer.status_code == 200, answer.text
        found += [run["number"] for run in answer.json()["items"]]
        cursor = answer.json()["next_cursor"]
    return found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("&order_by=-number", [5, 4, 3, 2, 1]),
        ("&order_by=validation_loss", [2, 4, 1, 3, 5]),  # equal ones by age, those without a value last
        ("&order_by=-validation_loss", [1, 4, 2, 5, 3]),
        ("&order_by=-id", [5, 4, 3, 2, 1]),
        ("&order_by=epoch", [2, 4, 5, 3, 1]),
        ("&order_by=started_at", [1, 2, 3, 4, 5]),
        ("&state=completed", [1, 2]),
        ("&state=diverged&state=running", [3, 4]),
        ("&role=search", [1, 2, 3, 4]),
        ("&role=linear&state=queued", [5]),
        ("&state=paused", []),
    ],
)
def test_runs_are_sorted_and_chosen_page_by_page(
    client: TestClient, sweep: str, query: str, expected: list[int]
) -> None:
    assert numbers(client, f"sweep={sweep}{query}") == expected


def test_without_a_sweep_the_newest_runs_of_all_come_first(client: TestClient, sweep: str) -> None:
    assert numbers(client, "") == [5, 4, 3, 2, 1]


def test_a_run_shows_its_configuration_and_where_its_numbers_come_from(
    client: TestClient, sweep: str
) -> None:
    listed = client.get(f"/api/v1/runs?sweep={sweep}").json()["items"]
    run = client.get(listed[0]["links"]["self"]).json()
    assert run["environment"] == {"numpy": "2.4.6"}
    assert {name: run[name] for name in listed[0]} == listed[0]
    assert set(run) - set(listed[0]) == {
        "environment",
        "layers",
        "test_confusion",
        "test_outputs",
        "verified",
    }
    assert run["parameters"] == {"learning_rate": 0.1}
    assert run["configuration"]["hidden_layers"] == [8]
    assert (run["sweep"], run["seed"], run["role"], run["diverged"]) == (sweep, 0, "search", None)
    assert run["population"].startswith("p_")
    assert listed[1]["links"]["weights"] == f"/api/v1/runs/{listed[1]['id']}/weights"
    assert listed[0]["links"]["weights"] is None
    assert listed[2]["diverged"] == {"epoch": 2, "step": 7, "tensor": "layers.0.weight"}


def test_metrics_that_are_not_finite_are_words(client: TestClient, database: Database, sweep: str) -> None:
    with database.write() as session:
        found = building.sweep(session, building.owner(session, "local"))
        metrics = {
            "train_loss": {"last": "NaN", "min": 0.5, "max": "Infinity"},
            "validation_accuracy": {"last": 0.75, "best": 1, "min": 0.5, "max": "-Infinity"},
            "best_epoch": 3,
        }
        name = building.run(session, found, 1, metrics=metrics, best_epoch=3).public_id
    run = client.get(f"/api/v1/runs/{name}").json()
    assert run["best_epoch"] == 3
    assert run["metrics"] == {
        "train_loss": {"last": "NaN", "best": None, "min": 0.5, "max": "Infinity"},
        "validation_accuracy": {"last": 0.75, "best": 1.0, "min": 0.5, "max": "-Infinity"},
    }


@pytest.mark.parametrize(
    "column", ["test_loss", "test_score", "metrics", "password", "-", "--number", "id;", "collapsed", "id,,"]
)
def test_runs_cannot_be_sorted_by_a_test_metric_or_by_what_is_no_column(
    client: TestClient, column: str
) -> None:
    answer = client.get("/api/v1/runs", params={"order_by": column})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert re.fullmatch(r"order_by\[\d\]", fault["path"])
    assert "line 1, column" in fault["message"]


def test_a_cursor_belongs_to_its_order(client: TestClient, sweep: str) -> None:
    cursor = client.get(f"/api/v1/runs?sweep={sweep}&limit=1").json()["next_cursor"]
    answer = client.get(f"/api/v1/runs?sweep={sweep}&order_by=-number&cursor={cursor}")
    assert answer.status_code == 422
    assert "number" in answer.json()["errors"][0]["message"]


def test_a_misspelt_filter_does_not_widen_the_answer(client: TestClient, sweep: str) -> None:
    answer = client.get(f"/api/v1/runs?sweep={sweep}&stat=failed&state=exploded&role=queen&limit=1001")
    assert answer.status_code == 422
    assert {fault["path"] for fault in answer.json()["errors"]} == {"stat", "state.0", "role", "limit"}


def test_runs_of_a_sweep_that_is_not_there_are_not_found(client: TestClient) -> None:
    answer = client.get("/api/v1/runs?sweep=s_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10")
    assert answer.status_code == 404
    assert client.get("/api/v1/runs?sweep=s_1").status_code == 422


def test_a_run_shows_what_each_layer_did_last_and_which_classes_it_mistakes(
    client: TestClient, database: Database
) -> None:
    layers = [{"gradient_norm": 0.5, "weight_norm": 2.0, "update_ratio": "NaN"}]
    with database.write() as session:
        sweep = building.sweep(session, building.owner(session, "local"))
        stored = building.run(
            session, sweep, 1, metrics={"layers": layers, "test_confusion": [[3, 1], [0, 2]]}
        )
        address = f"/api/v1/runs/{stored.public_id}"
    run = client.get(address).json()
    assert (run["layers"], run["test_confusion"], run["test_outputs"]) == (layers, [[3, 1], [0, 2]], None)
    assert run["metrics"] == {}


@pytest.mark.parametrize(("again", "said"), [(0.52, "0.52"), ("NaN", "NaN"), (None, "missing")])
def test_a_repeated_epoch_that_differed_is_said_in_words(
    client: TestClient, database: Database, sweep: str, again: object, said: str
) -> None:
    difference = {"epoch": 3, "column": "validation_loss", "stored": 0.5, "again": again, "worker": "w1@here"}
    with database.write() as session:
        found = building.sweep(session, building.owner(session, "local"))
        name = building.run(session, found, 1, replay=difference).public_id
    replay = client.get(f"/api/v1/runs/{name}").json()["replay"]
    assert f"its validation loss was 0.5, then {said}." in replay.pop("sentence")
    assert replay == difference
    assert client.get(f"/api/v1/runs?sweep={sweep}").json()["items"][0]["replay"] is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metrics.validation_loss < 0.3", [2, 4]),
        ("validation_loss < 0.3 and attributes.state = 'completed'", [2]),
        ("params.learning_rate between 0.15 and 0.35", [2, 3]),
        ("not (state in ('completed', 'diverged'))", [4, 5]),
        ("metrics.validation_loss is null and role = 'search'", [3]),
        ("attributes.status = 'FINISHED' or role = 'linear'", [1, 2, 5]),
    ],
)
def test_runs_are_found_by_the_query_language(
    client: TestClient, sweep: str, text: str, expected: list[int]
) -> None:
    assert numbers(client, f"filter={quote(text)}&order_by=number") == expected
    assert numbers(client, f"sweep={sweep}&filter={quote(text)}&order_by=number DESC") == expected[::-1]


def test_a_mistake_in_a_filter_is_answered_with_its_place(client: TestClient) -> None:
    answer = client.get("/api/v1/runs", params={"filter": "seed = 1 and\nlearning_rat < 1"})
    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["path"] == "filter[13]"
    assert fault["message"].startswith("line 2, column 1: ")
    assert "'learning_rate'" in fault["message"]


def test_a_cursor_belongs_to_its_filter_and_to_its_order(client: TestClient, sweep: str) -> None:
    asked = {"filter": "seed < 9", "order_by": "seed", "limit": "1"}
    cursor = client.get("/api/v1/runs", params=asked).json()["next_cursor"]
    assert client.get("/api/v1/runs", params={**asked, "cursor": cursor}).status_code == 200
    others = ({"filter": "seed < 8"}, {"order_by": "-seed"}, {"order_by": "seed, number"}, {"sweep": sweep})
    for other in others:
        answer = client.get("/api/v1/runs", params={**asked, **other, "cursor": cursor})
        assert answer.status_code == 422, other
        (fault,) = answer.json()["errors"]
        assert fault["path"] == "cursor"
        assert "is of a list" in fault["message"]


def test_choosing_by_test_metrics_is_asked_for_and_counted(
    client: TestClient, database: Database, sweep: str
) -> None:
    asked = {"filter": "test_loss < 1 or test_loss is null", "order_by": "test_loss"}
    refused = client.get("/api/v1/runs", params={**asked, "sweep": sweep})
    assert {fault["path"] for fault in refused.json()["errors"]} == {"filter[0]", "filter[17]"}
    alone = client.get("/api/v1/runs", params={**asked, "reveal_test": "true"})
    assert alone.json()["errors"][0]["path"] == "reveal_test"
    for times in (1, 2):
        answer = client.get(
            "/api/v1/runs", params={**asked, "sweep": sweep, "reveal_test": "true", "limit": 2}
        )
        assert answer.status_code == 200
        with database.read() as session:
            counted = session.scalars(select(Sweep.test_reveals).where(Sweep.public_id == sweep)).one()
        assert counted == times


def test_a_page_of_runs_has_the_shape_that_is_documented(client: TestClient, sweep: str) -> None:
    """It is sent without validation, because of its size."""
    Runs.model_validate_json(client.get(f"/api/v1/runs?sweep={sweep}&limit=4").content, strict=True)
