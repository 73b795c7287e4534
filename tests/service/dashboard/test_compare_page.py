"""Runs are compared by what differs; what is not there is said, and is nobody's secret."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.dashboard.comparing import MOST, asked, differing, equal, measured
from service.store.schema import Sweep
from tests.service.api import building
from tests.service.dashboard.conftest import HOSTILE
from tests.service.dashboard.test_pages import Document, read


def run(
    sweep: str = "s_1", seed: int = 0, metrics: tuple[str, ...] = (), **configuration: Any
) -> dict[str, Any]:
    shown = {name: {"last": 1.0} for name in metrics}
    return {"sweep": sweep, "seed": seed, "configuration": configuration, "metrics": shown}


@pytest.fixture
def ids(client: TestClient, sweep: Sweep) -> list[str]:
    items = client.get("/api/v1/runs", params={"sweep": sweep.public_id}).json()["items"]
    return [item["id"] for item in items]


def test_what_differs_comes_first_and_the_rest_is_equal() -> None:
    runs = [
        run(learning_rate=0.1, optimizer="sgd", epochs=5),
        run(learning_rate=0.2, optimizer="sgd", epochs=5, seed=1),
    ]
    assert [column.key for column in differing(runs)] == ["params.learning_rate", "seed"]
    assert equal(runs) == {"optimizer": "sgd", "epochs": 5}


def test_a_field_that_one_does_not_use_differs_also_from_null() -> None:
    runs = [run(gradient_clip=None), run()]
    assert [column.key for column in differing(runs)] == ["params.gradient_clip"]


def test_lists_are_compared_by_value_and_sweeps_are_named() -> None:
    runs = [run(hidden_layers=[8]), run(hidden_layers=[8], sweep="s_2")]
    assert [column.key for column in differing(runs)] == ["sweep_name"]


def test_metrics_of_any_run_are_shown_but_those_on_test_rows() -> None:
    runs = [run(metrics=("train_loss", "test_loss")), run(metrics=("validation_loss",))]
    assert [column.key for column in measured(runs)] == ["metrics.validation_loss", "metrics.train_loss"]


def test_identifiers_come_once_in_their_order_and_twenty_fit() -> None:
    names = [building.new_id("r") for _ in range(MOST + 3)]
    found = asked([",".join(names[:5]), *names[3:], "r_nothing"])
    assert found.runs == tuple(names[:MOST])
    assert (found.too_many, found.unreadable) == (3, ("r_nothing",))


def test_the_page_compares_without_a_module(client: TestClient, ids: list[str]) -> None:
    page = read(client, f"/compare?runs={','.join(ids)}")
    assert "Compare 2 runs" in page.text
    assert "differs" in page.text
    assert "NaN" in page.text
    assert {f"/runs/{name}" for name in ids} <= page.links()


def test_a_form_without_modules_names_runs_one_by_one(client: TestClient, ids: list[str]) -> None:
    assert "Compare 2 runs" in read(client, f"/compare?runs={ids[0]}&runs={ids[1]}").text


def test_what_is_missing_or_somebody_elses_is_said_alike(client: TestClient, ids: list[str]) -> None:
    context = client.app.state.context  # type: ignore[attr-defined]
    with context.database.write() as session:
        theirs = building.sweep(session, building.owner(session, "somebody else"), name="their secret")
        foreign = building.run(session, theirs, 1).public_id
    gone = building.new_id("r")
    page = read(client, f"/compare?runs={ids[0]},{foreign},{gone}")
    assert "Compare 1 run" in page.text
    assert f"Not among your runs: {foreign} , {gone}" in page.text
    assert "their secret" not in page.text


def test_hostile_identifiers_and_names_are_text(client: TestClient, ids: list[str]) -> None:
    page = Document(client.get("/compare", params={"runs": [HOSTILE, *ids]}).text)
    assert "img" not in {tag for tag, _ in page.elements}
    assert "Not the identifier of a run" in page.text


def test_an_empty_comparison_says_how_to_begin(client: TestClient) -> None:
    page = read(client, "/compare")
    assert "Nothing to compare yet" in page.text
    assert "/runs" in page.links()
