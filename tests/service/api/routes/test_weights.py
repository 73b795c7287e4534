from __future__ import annotations

import io

import numpy as np
import pytest
from safetensors.numpy import load, save
from starlette.testclient import TestClient

from service.store.database import Database
from tests.service.api import building

TENSORS = {
    "layers.0.weight": np.array([[0.1, 2.0], [3.0, -4.5]], dtype=np.float32),
    "layers.0.bias": np.array([0.5, 1e-30], dtype=np.float32),
}


@pytest.fixture
def run(database: Database) -> str:
    """A completed run with final weights."""
    with database.write() as session:
        sweep = building.sweep(session, building.owner(session, "local"))
        found = building.run(session, sweep, 1, state="completed", weights_sha256="a" * 64)
        building.weights(session, found, save(TENSORS))
        return found.public_id


def test_weights_are_taken_away_as_a_file(client: TestClient, run: str) -> None:
    answer = client.get(f"/api/v1/runs/{run}/weights")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f'attachment; filename="{run}-final.safetensors"'
    assert answer.headers["etag"] == f'"{"a" * 64}"'
    assert {name: tensor.tobytes() for name, tensor in load(answer.content).items()} == {
        name: tensor.tobytes() for name, tensor in TENSORS.items()
    }


def test_weights_come_in_other_formats(client: TestClient, run: str) -> None:
    npz = client.get(f"/api/v1/runs/{run}/weights?format=npz")
    with np.load(io.BytesIO(npz.content), allow_pickle=False) as archive:
        assert archive["layers.0.weight"].tobytes() == TENSORS["layers.0.weight"].tobytes()
    plain = client.get(f"/api/v1/runs/{run}/weights?format=json")
    assert plain.headers["content-type"] == "application/json"
    assert plain.json()["layers.0.bias"]["shape"] == [2]


def test_weights_that_a_reader_has_already_are_not_sent_again(client: TestClient, run: str) -> None:
    tag = {"If-None-Match": f'"{"a" * 64}"'}
    answer = client.get(f"/api/v1/runs/{run}/weights", headers=tag)
    assert (answer.status_code, answer.content) == (304, b"")


def test_weights_that_were_not_kept_are_not_found_with_the_reason(client: TestClient, run: str) -> None:
    answer = client.get(f"/api/v1/runs/{run}/weights?which=best")
    assert answer.status_code == 404
    assert "keeps 'final'" in answer.json()["detail"]


@pytest.mark.parametrize("query", ["format=pickle", "format=onnx", "which=first", "path=/etc/passwd"])
def test_another_format_is_refused(client: TestClient, run: str, query: str) -> None:
    assert client.get(f"/api/v1/runs/{run}/weights?{query}").status_code == 422
