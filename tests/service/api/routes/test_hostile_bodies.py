"""Bodies to which a plain FastAPI application was measured to answer 500, or 200 to what was not meant."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from service.store.database import Database
from service.store.schema import ConfigurationRow, Dataset, PopulationRow, Run, Sweep

GOOD = {"name": "x", "dataset": "iris", "method": "grid", "parameters": {"learning_rate": {"value": 0.1}}}

MANY_RATES = [rate / 1000 for rate in range(1, 20)]  # 19 rates of 10,000 seeds are more than 100,000 runs


def body(**changes: str) -> bytes:
    """The good submission with some members replaced by raw JSON."""
    members = {name: json.dumps(value) for name, value in GOOD.items()} | changes
    return ("{" + ", ".join(f'"{name}": {raw}' for name, raw in members.items()) + "}").encode(
        "utf-8", "surrogatepass"
    )


HOSTILE = {
    "NaN": (body(parameters='{"learning_rate": NaN}'), "parameters.learning_rate"),
    "Infinity": (body(parameters='{"learning_rate": Infinity}'), "parameters.learning_rate"),
    "-Infinity": (body(parameters='{"momentum": {"values": [1, -Infinity]}}'), "parameters.momentum"),
    "1e400": (body(parameters='{"learning_rate": 1e400}'), "parameters.learning_rate"),
    "2^64": (body(seeds=str(2**64)), "seeds"),
    "5,000 digits": (body(seeds="9" * 5000), "seeds"),
    "depth 900": (body(tags="[" * 900 + "]" * 900), ""),
    "depth 100,000": (body(tags="[" * 90_000 + "]" * 90_000), ""),
    "depth without an end": (b"[" * 100_000, ""),
    "depth in objects": (b'{"a":' * 900 + b"1" + b"}" * 900, ""),
    "NUL escaped": (body(name='"a\\u0000b"'), "name"),
    "NUL raw": (body(name='"a\x00b"'), ""),
    "lone surrogate": (body(name='"a\\ud800b"'), "name"),
    "surrogate as UTF-8": (body(name='"a\ud800b"'), ""),
    "surrogate in a name": (body(tags='{"\\udfff": "x"}'), "tags"),
    "direction override": (body(name='"a\\u202eb"'), "name"),
    "duplicate names": (body()[:-1] + b', "name": "y"}', "name"),
    "byte order mark": (b"\xef\xbb\xbf" + body(), ""),
    "UTF-16": (body().decode().encode("utf-16"), ""),
    "invalid UTF-8": (b'{"name": "\xff"}', ""),
    "overlong UTF-8": (b'{"name": "\xc0\xaf"}', ""),
    "empty": (b"", ""),
    "spaces": (b"  \n", ""),
    "a list": (b"[]", ""),
    "a number": (b"1", ""),
    "null": (b"null", ""),
    "a string": (b'"sweep"', ""),
    "an unknown member": (body(learning_rate="0.1"), "learning_rate"),
    "a path as dataset": (body(dataset='"../../../etc/passwd"'), "dataset"),
    "a URL as dataset": (body(dataset='"http://169.254.169.254/"'), "dataset"),
    "two documents": (body() + body(), ""),
    "a comment": (body() + b"// yes", ""),
    "too many runs": (body(seeds="10000", parameters='{"learning_rate": {"values": %s}}' % MANY_RATES), ""),  # noqa: UP031
}  # fmt: skip


def rows_stored(database: Database) -> int:
    tables = (Sweep, Run, PopulationRow, ConfigurationRow, Dataset)
    with database.read() as session:
        return sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_body_is_refused_with_its_place_and_leaves_nothing_behind(
    client: TestClient, database: Database, rung: list[int], name: str
) -> None:
    content, path = HOSTILE[name]
    for address in ("/api/v1/sweeps", "/api/v1/sweeps:preview"):
        answer = client.post(address, content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["errors"]
        assert any(fault["path"].startswith(path) for fault in problem["errors"]), problem
        assert len(answer.content) < 10_000
    assert rows_stored(database) == 0
    assert rung == []


def test_all_faults_of_a_body_are_named_at_once(client: TestClient) -> None:
    submission: dict[str, Any] = {
        "name": 7,
        "dataset": "iris",
        "method": "guess",
        "seeds": -1,
        "parameters": {"learning_rat": 0.1},
        "colour": "red",
    }
    answer = client.post("/api/v1/sweeps", json=submission)
    paths = {fault["path"] for fault in answer.json()["errors"]}
    assert answer.status_code == 422
    assert {"name", "method", "seeds", "parameters.learning_rat", "colour"} <= paths


def test_a_refused_value_is_not_repeated_at_length(client: TestClient) -> None:
    answer = client.post("/api/v1/sweeps", json=GOOD | {"name": "y" * 5000})
    (fault,) = answer.json()["errors"]
    assert fault["path"] == "name"
    assert len(fault["value"] or "") <= 100
