"""Whatever text comes as an expression, the answer is a result or a problem with the text, and comes soon."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from core.expressions.elementary import CONSTANTS, ELEMENTARY

# No measurement: what is bounded takes a second or two at most, and what is not would hang the test.
FUZZED = settings(
    max_examples=60,
    deadline=timedelta(seconds=30),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
NAMES = st.sampled_from(["x", "y", "a", "b", "c", *CONSTANTS])
NUMBERS = st.one_of(
    st.sampled_from(["0", "1", "-1", "1e308", "1e-308", "5e-324", "1e999", "0.1", "00", "1..2", "9" * 41]),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.integers(-(10**20), 10**20).map(str),
)
SOUND = st.recursive(
    NUMBERS | NAMES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner).map("".join),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-{text}"),
        st.tuples(st.sampled_from([*ELEMENTARY, "f"]), inner).map(lambda pair: f"{pair[0]}({pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"max({pair[0]}, {pair[1]})"),
    ),
    max_leaves=25,
)
BROKEN = st.text(alphabet="0123456789.eE+-*/^(),=[]xyzsincotaglqrmbp_ \n\t;#'\"\\", max_size=60)
EXPRESSIONS = st.one_of(SOUND, BROKEN, st.text(max_size=30))
VALUES = (
    EXPRESSIONS
    | st.floats()
    | st.integers()
    | st.booleans()
    | st.none()
    | st.lists(st.integers(), max_size=2)
)
FIELDS = ["layers", "inputs", "targets", "learning_rate", "steps", "loss", "paths_of", "row", "run_id"]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def answered(client: TestClient, path: str, body: Any) -> None:
    """Send it as any program could; what comes back is a result or tells what is wrong."""
    try:
        content = json.dumps(body).encode()
    except UnicodeEncodeError:
        return  # a lone surrogate: no program can send it
    answer = client.post(f"/api/v1/{path}", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 422), (answer.status_code, answer.text, body)
    document = json.loads(answer.text, parse_constant=pytest.fail)
    if answer.status_code == 422:
        assert document["errors"]
        assert all(fault["message"] for fault in document["errors"])


@FUZZED
@given(expression=EXPRESSIONS, start=st.floats(-1e3, 1e3), rate=st.floats(-2, 2))
def test_any_expression_is_descended_on_or_refused(
    client: TestClient, expression: str, start: float, rate: float
) -> None:
    body = {
        "expression": expression,
        "start": dict.fromkeys("xyabc", start) if "y" in expression else {"x": start},
        "learning_rates": [rate, 0.1],
        "steps": 20,
    }
    answered(client, "trajectories", body)
    answered(
        client, "trajectories", {**body, "start": {"x": start}, "curve": {"min": -1, "max": 1, "count": 5}}
    )


@FUZZED
@given(definitions=st.dictionaries(NAMES | st.text(max_size=5), VALUES, max_size=6))
def test_any_definitions_are_differentiated_or_refused(
    client: TestClient, definitions: dict[str, Any]
) -> None:
    answered(client, "derivatives", {"definitions": definitions})


@FUZZED
@given(chain=st.lists(SOUND, min_size=1, max_size=5), value=st.floats(-1e3, 1e3), text=BROKEN)
def test_any_chain_of_expressions_is_differentiated_or_refused(
    client: TestClient, chain: list[str], value: float, text: str
) -> None:
    definitions: dict[str, Any] = {"x": value, "y": value, "a": value, "b": "x*a", "c": "y + b"}
    definitions |= {f"v{place}": expression for place, expression in enumerate(chain)}
    answered(client, "derivatives", {"definitions": definitions})
    answered(client, "derivatives", {"definitions": text})


@FUZZED
@given(
    body=JSON,
    part=JSON,
    name=st.sampled_from(["layers", "inputs", "targets", "learning_rate", "steps", "loss"]),
)
def test_any_body_is_traced_or_refused(client: TestClient, body: Any, part: Any, name: str) -> None:
    for path in ("trace", "derivatives", "trajectories"):
        answered(client, path, body)
    whole: dict[str, Any] = {
        "layers": [{"weights": [[0.5, -1]], "activation": "relu"}],
        "inputs": [[1]],
        "targets": [[0, 1]],
        "learning_rate": 0.1,
    }
    answered(client, "trace", {**whole, name: part})
