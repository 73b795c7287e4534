"""Filters are completed with what the caller has, and with nothing of anybody else's."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.store.database import Database
from tests.service.api import building


@pytest.fixture(autouse=True)
def stored(client: TestClient, other_client: TestClient, database: Database) -> None:
    """A sweep of the caller's, and one of another owner's."""
    owner_id = client.app.state.context.local_owner  # type: ignore[attr-defined]
    with database.write() as session:
        mine = building.sweep(session, owner_id, name="mine", tags={"course": "ml-101"})
        theirs = building.sweep(
            session, building.owner(session, "somebody else"), name="theirs", tags={"secret": "x"}
        )
        building.run(session, mine, 1, learning_rate=0.25, seed=7, reason="it's over")
        building.run(session, theirs, 1, learning_rate=0.5, seed=8, reason="nobody's business")


def texts(client: TestClient, of: str, **query: Any) -> list[str]:
    response = client.get(f"/api/v1/{of}:complete", params=query)
    assert response.status_code == 200, response.text
    return [item["text"] for item in response.json()["items"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("params.learning_rate = ", ["0.25"]),
        ("seed = ", ["7"]),
        ("reason = ", ['"it\'s over"']),
        ("sweep_name = ", ["'mine'"]),
        ("dataset = ", []),
        ("tags.", ["tags.course"]),
        ("tags.course = ", ["'ml-101'"]),
        ("params.optimizer = ", ["'sgd'"]),
        ("params.hidden_layers = ", ["'[8]'"]),
        ("created_at > ", []),
    ],
)
def test_values_are_those_that_the_caller_has(client: TestClient, text: str, expected: list[str]) -> None:
    assert texts(client, "runs", text=text) == expected


def test_values_of_sweeps_are_the_callers(client: TestClient) -> None:
    assert texts(client, "sweeps", text="name = ") == ["'mine'"]
    assert texts(client, "sweeps", text="tags.") == ["tags.course"]
    assert texts(client, "sweeps", text="runs = ") == ["0"]


def test_another_owner_has_others(other_client: TestClient) -> None:
    assert texts(other_client, "runs", text="sweep_name = ") == ["'theirs'"]
    assert texts(other_client, "runs", text="params.learning_rate = ") == ["0.5"]


def test_the_place_in_the_text_is_answered(client: TestClient) -> None:
    answer = client.get("/api/v1/runs:complete", params={"text": "val and seed = 1", "at": 3}).json()
    assert (answer["start"], answer["end"]) == (0, 3)
    assert answer["items"][0] == {"text": "metrics.validation_loss", "kind": "name", "detail": "metric"}


def test_every_quantity_can_be_asked_for(client: TestClient) -> None:
    for of in ("runs", "sweeps"):
        for name in texts(client, of, text=""):
            texts(client, of, text=f"{name} = ")


def test_an_order_is_completed_too(client: TestClient) -> None:
    assert texts(client, "runs", text="-val", what="order")[0] == "metrics.validation_loss"


def test_a_text_that_is_too_long_is_refused(client: TestClient) -> None:
    assert client.get("/api/v1/runs:complete", params={"text": "a" * 2001}).status_code == 422
