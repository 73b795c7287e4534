from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load, save
from starlette.testclient import TestClient

from service.store.database import Database
from tests.service.api import building
from tests.service.inference.networks import fed, session
from tests.service.training import FEATURES, mixed_table, rows_of, trained

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


@pytest.mark.parametrize("query", ["format=pickle", "which=first", "path=/etc/passwd"])
def test_another_format_is_refused(client: TestClient, run: str, query: str) -> None:
    assert client.get(f"/api/v1/runs/{run}/weights?{query}").status_code == 422


def test_safetensors_say_where_they_come_from(client: TestClient, run: str) -> None:
    content = client.get(f"/api/v1/runs/{run}/weights").content
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    metadata = header["__metadata__"]
    assert metadata["run"] == run
    assert metadata["weights_sha256"] == "a" * 64
    assert (metadata["which"], metadata["epoch"], metadata["numerics_version"]) == ("final", "4", "1")
    assert json.loads(metadata["configuration"])["hidden_layers"] == [8]


@pytest.mark.parametrize("which", ["final", "best"])
def test_a_trained_run_is_taken_away_as_one_graph_that_answers_as_the_service_does(
    client: TestClient, database: Database, tmp_path: Path, which: str
) -> None:
    table = mixed_table()
    parameters = {"epochs": 20, "learning_rate": 0.5}
    (run,) = trained(
        database,
        tmp_path,
        table,
        target="kind",
        features=FEATURES,
        keep_weights="both",
        parameters=parameters,
    )
    answer = client.get(f"/api/v1/runs/{run}/weights?format=onnx&which={which}")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="{run}-{which}.onnx"'
    assert client.get(f"/api/v1/runs/{run}/weights?format=onnx&which={which}").content == answer.content
    runtime = session(answer.content)
    metadata = runtime.get_modelmeta().custom_metadata_map
    assert answer.headers["etag"] == f'"{metadata["weights_sha256"]}"'
    label, probabilities = runtime.run(None, fed(table, FEATURES, json.loads(metadata["missing_text"])))
    ours = client.post(f"/api/v1/runs/{run}:predict", json={"rows": rows_of(table), "which": which}).json()
    assert metadata["weights_sha256"] == ours["weights_sha256"]
    np.testing.assert_allclose(
        probabilities, [each["probabilities"] for each in ours["predictions"]], atol=1e-5
    )
    assert label.tolist() == [each["class"] for each in ours["predictions"]]


def test_a_run_over_a_function_gives_its_variables_and_no_graph(
    client: TestClient, database: Database, tmp_path: Path
) -> None:
    function = {"expression": "(x - 1)**2 + y**2", "start": {"x": 0.5, "y": 1}}
    (run,) = trained(database, tmp_path, function=function, parameters={"epochs": 3})
    arrived = client.get(f"/api/v1/runs/{run}").json()["arrival"]["variables"]
    tensors = load(client.get(f"/api/v1/runs/{run}/weights").content)
    assert {name: float(tensor) for name, tensor in tensors.items()} == arrived
    assert {tensor.shape for tensor in tensors.values()} == {()}
    plain = client.get(f"/api/v1/runs/{run}/weights?format=json").json()
    assert {name: each["data"] for name, each in plain.items()} == arrived
    with np.load(io.BytesIO(client.get(f"/api/v1/runs/{run}/weights?format=npz").content)) as archive:
        assert {name: float(archive[name]) for name in archive.files} == arrived
    refused = client.get(f"/api/v1/runs/{run}/weights?format=onnx")
    assert refused.status_code == 409
    assert "minimises a function" in refused.json()["detail"]


def test_the_service_starts_without_loading_what_only_an_export_needs() -> None:
    code = "import sys, service.app; print([m for m in ('onnx', 'google.protobuf') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
