from __future__ import annotations

import json
import math

import numpy as np
import pytest
from starlette.testclient import TestClient

from core.layer_statistics import LayerStatistics
from service.planning.layer_records import LAYER_ROW, pack
from service.store.database import Database
from service.store.schema import LayerRow
from tests.service.api import building


@pytest.fixture
def run(database: Database) -> str:
    """Two layers over three epochs, recorded at two moments; some of it is not finite."""
    with database.write() as session:
        found = building.run(session, building.sweep(session, building.owner(session, "local")), 1, epoch=3)
        for epochs in ((1, 2), (3,)):
            each = [
                LayerStatistics(
                    np.array([[0.1 * epoch, math.nan]]),
                    np.array([[epoch, math.inf]]),
                    np.array([[-math.inf, 1e-3]]),
                )
                for epoch in epochs
            ]
            row = pack([found.id], epochs, each, "float32")[0].as_row()
            session.add(LayerRow(**dict(zip(LAYER_ROW, row, strict=True))))
        return found.public_id


def test_each_layer_comes_with_its_columns_over_epochs(client: TestClient, run: str) -> None:
    answer = client.get(f"/api/v1/runs/{run}/layers")
    document = json.loads(answer.text, parse_constant=pytest.fail)
    assert document == {
        "run": run,
        "epochs": [1, 2, 3],
        "layers": [
            {"gradient_norm": [0.1, 0.2, 0.3], "weight_norm": [1, 2, 3], "update_ratio": ["-Infinity"] * 3},
            {"gradient_norm": ["NaN"] * 3, "weight_norm": ["Infinity"] * 3, "update_ratio": [0.001] * 3},
        ],
    }
    assert client.get(f"/api/v1/runs/{run}").json()["links"]["layers"] == f"/api/v1/runs/{run}/layers"


def test_reading_goes_on_after_an_epoch(client: TestClient, run: str) -> None:
    later = client.get(f"/api/v1/runs/{run}/layers?after_epoch=2").json()
    assert (later["epochs"], later["layers"][0]["weight_norm"]) == ([3], [3])
    assert client.get(f"/api/v1/runs/{run}/layers?after_epoch=3").json() == {
        "run": run,
        "epochs": [],
        "layers": [],
    }


def test_what_is_not_there_is_said(client: TestClient, run: str) -> None:
    absent = f"r_{'0' * 8}-0000-7000-8000-{'0' * 12}"
    answer = client.get(f"/api/v1/runs/{absent}/layers")
    assert (answer.status_code, answer.json()["detail"]) == (404, f"There is no run {absent}.")
    assert client.get(f"/api/v1/runs/{run}/layers?after_epoch=-1").status_code == 422
