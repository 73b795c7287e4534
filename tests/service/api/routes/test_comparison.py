from __future__ import annotations

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from service.store.database import Database
from service.store.schema import ConfigurationRow
from tests.service.api import building


@pytest.fixture
def sweep(database: Database) -> str:
    """30 seeds of two rates; the first has the lower loss at all but three."""
    with database.write() as session:
        found = building.sweep(session, building.owner(session, "local"))
        for seed in range(30):
            for place, rate in enumerate((0.1, 0.2)):
                loss = (0.2, 0.3)[place if seed > 2 else 1 - place] + seed / 1000
                metrics = {"validation_loss": {"last": loss}}
                building.run(
                    session,
                    found,
                    seed * 2 + place + 1,
                    seed=seed,
                    learning_rate=rate,
                    state="completed",
                    metrics=metrics,
                )
        return found.public_id


def test_a_comparison_has_its_verdict(client: TestClient, database: Database, sweep: str) -> None:
    hashes = {0.1: "a" * 64, 0.2: "b" * 64}
    with database.write() as session:
        for row in session.scalars(select(ConfigurationRow)):
            row.hash = hashes[row.learning_rate]
    answer = client.get(f"/api/v1/sweeps/{sweep}/comparison?a={hashes[0.1]}&b={hashes[0.2]}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["metric"], found["pairs"], found["wins"], found["ties"]) == ("validation_loss", 30, 27, 0)
    assert found["probability"] == pytest.approx(0.9)
    assert found["verdict"] == "a beats b"
    assert found["needed_pairs"] == 29
    unknown = client.get(f"/api/v1/sweeps/{sweep}/comparison?a={hashes[0.1]}&b={'c' * 64}")
    assert unknown.json()["errors"][0]["path"] == "b"
