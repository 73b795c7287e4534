"""A sweep may come as YAML: what is stored, repeated and extended is the text as it came."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.api.examples import SUBMISSIONS, YAML_SUBMISSIONS

FILE = b"""\
# three rates
dataset: iris
method: grid
metric: {name: val_loss, goal: minimize}
seeds: 2
baselines: false
parameters:
  lr: {values: [1e-3, 1.0e-2, 0.1]}
  epochs: {value: 5}
"""
YAML = {"Content-Type": "application/yaml"}


def post(client: TestClient, body: bytes = FILE, path: str = "", key: str | None = None) -> Any:
    headers = YAML if key is None else YAML | {"Idempotency-Key": key}
    return client.post(f"/api/v1/sweeps{path}", content=body, headers=headers)


@pytest.mark.parametrize("name", ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"])
def test_a_sweep_in_yaml_is_the_sweep_of_its_json(client: TestClient, name: str) -> None:
    answer = client.post("/api/v1/sweeps", content=FILE, headers={"Content-Type": name})
    assert answer.status_code == 201, answer.text
    sweep = answer.json()
    assert sweep["submitted"] == FILE.decode()
    assert sweep["media_type"] == "application/yaml"
    assert (sweep["runs"], sweep["varied"], sweep["seeds"]) == (6, ["learning_rate"], [0, 1])
    runs = client.get(sweep["links"]["runs"]).json()["items"]
    assert sorted({run["parameters"]["learning_rate"] for run in runs}) == [0.001, 0.01, 0.1]


def test_a_preview_reads_yaml(client: TestClient) -> None:
    assert post(client, path=":preview").json()["runs"] == 6


def test_a_mistake_in_yaml_has_line_and_column_and_a_faulty_value_its_path(client: TestClient) -> None:
    answer = post(client, b"dataset: iris\nparameters: [1,\n")
    assert answer.status_code == 422
    assert "line 3, column 1" in answer.json()["errors"][0]["message"]
    faults = post(client, FILE.replace(b"0.1]", b"no, .nan]")).json()["errors"]
    assert [fault["path"] for fault in faults] == ["parameters.lr.values[3]"]
    faults = post(client, FILE.replace(b"0.1]", b"no]")).json()["errors"]
    assert [(fault["path"], fault["value"]) for fault in faults] == [("parameters.lr.values[2]", "no")]


def test_a_key_is_one_key_whatever_the_body_is_written_in(client: TestClient, rung: list[int]) -> None:
    first = post(client, key="a \\ b")
    again = post(client, key='"a \\\\ b"')
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = post(client, FILE + b"# other\n", key="a \\ b")
    assert other.status_code == 422
    assert other.json()["errors"][0]["path"] == "Idempotency-Key"
    assert len(rung) == 1


@pytest.mark.parametrize("key", ['"', '""', '"a', '"a"b', '"\\a"'])
def test_a_key_that_begins_as_a_quoted_string_must_be_one(client: TestClient, key: str) -> None:
    answer = post(client, key=key)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"].lower() == "idempotency-key"


def test_a_sweep_in_yaml_is_extended(client: TestClient) -> None:
    sweep = post(client).json()
    answer = client.post(f"/api/v1/sweeps/{sweep['id']}:extend", json={"seeds": 1})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["runs"], answer.json()["submitted"]) == (9, FILE.decode())


def test_every_example_of_the_documentation_is_accepted(client: TestClient) -> None:
    for example in SUBMISSIONS.values():
        answer = client.post("/api/v1/sweeps:preview", content=json.dumps(example["value"]), headers=YAML)
        assert answer.status_code == 200, (example["summary"], answer.text)
    for example in YAML_SUBMISSIONS.values():
        answer = post(client, example["value"].encode(), path=":preview")
        assert answer.status_code == 200, (example["summary"], answer.text)
