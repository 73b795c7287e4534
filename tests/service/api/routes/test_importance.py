"""Which parameters matter, as the API answers it."""

from __future__ import annotations

from starlette.testclient import TestClient

from service.planning.statuses import RunState
from service.store.database import Database
from tests.service.api import building


def test_one_parameter_explains_everything_and_the_answer_says_so(
    client: TestClient, database: Database
) -> None:
    with database.write() as session:
        sweep = building.sweep(session, building.owner(session, "local"))
        for number, rate in enumerate((0.1, 0.2, 0.3, 0.4), start=1):
            loss = {"validation_loss": {"last": rate}}
            building.run(
                session, sweep, number, learning_rate=rate, seed=0, state=RunState.COMPLETED, metrics=loss
            )
        name = sweep.public_id
    assert client.get(f"/api/v1/sweeps/{name}/importance").json() == {
        "sweep": name,
        "metric": "validation_loss",
        "method": None,
        "settings": 4,
        "left_out": 0,
        "seeds": 0,
        "items": [],
        "reason": "only learning_rate varies, so every difference is its",
    }


def test_every_parameter_that_varies_has_its_share(client: TestClient, database: Database) -> None:
    with database.write() as session:
        # A varied field that every configuration has with one value has no influence.
        sweep = building.sweep(
            session, building.owner(session, "local"), varied=["learning_rate", "hidden_layers"]
        )
        for number, rate in enumerate((0.1, 0.2, 0.3, 0.4), start=1):
            loss = {"validation_loss": {"last": rate}}
            building.run(
                session, sweep, number, learning_rate=rate, seed=0, state=RunState.COMPLETED, metrics=loss
            )
        name = sweep.public_id
    document = client.get(f"/api/v1/sweeps/{name}/importance").json()
    assert document["settings"] == 4
    assert [item["parameter"] for item in document["items"]] == ["learning_rate", "hidden_layers"]
    assert document["items"][1]["share"] == 0
