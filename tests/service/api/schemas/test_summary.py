from __future__ import annotations

import math

from starlette.testclient import TestClient

from service.api.schemas.losses import LossTable
from service.api.schemas.summary import Summary
from service.store.database import Database
from tests.service.api import building


def test_a_summary_and_a_table_of_losses_have_the_shapes_that_are_documented(
    client: TestClient, database: Database
) -> None:
    """Both are sent without validation, because of their size."""
    with database.write() as session:
        sweep = building.sweep(session, building.owner(session, "local"))
        run = building.run(session, sweep, 7, learning_rate=0.2, seed=3, state="diverged")
        building.losses(session, run, [1.0, math.nan])
        for number, rate in enumerate((0.1, 0.2, 0.1, 0.2, 0.1, 0.2), start=1):
            building.run(
                session,
                sweep,
                number,
                learning_rate=rate,
                seed=number // 2,
                state="completed",
                metrics={"validation_loss": {"last": 0.1 * number}, "test_accuracy": {"last": 0.5}},
            )
    summary = client.get(f"/api/v1/sweeps/{sweep.public_id}/summary")
    assert summary.status_code == 200, summary.text
    Summary.model_validate_json(summary.content, strict=True)
    losses = client.get(f"/api/v1/runs/{run.public_id}/losses")
    LossTable.model_validate_json(losses.content)
    assert losses.json()["rows"][1][3] == "NaN"


def test_a_summary_by_what_does_not_vary_is_refused(client: TestClient, database: Database) -> None:
    with database.write() as session:
        sweep = building.sweep(session, building.owner(session, "local"))
        building.run(session, sweep, 1)
    answer = client.get(f"/api/v1/sweeps/{sweep.public_id}/summary?group_by=momentum")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"].startswith("group_by")
