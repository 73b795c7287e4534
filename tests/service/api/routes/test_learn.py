"""The article's numbers, as the API answers them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.api.schemas import derivatives, trace, trajectories

EXAMPLES: list[tuple[str, str, Any]] = [
    (path, name, example["value"])
    for path, examples in (
        ("trace", trace.EXAMPLES),
        ("derivatives", derivatives.EXAMPLES),
        ("trajectories", trajectories.EXAMPLES),
    )
    for name, example in examples.items()
]
WORKED = trace.EXAMPLES["worked_example"]["value"]
SHAPES: Mapping[str, Any] = {
    "trace": trace.Trace,
    "derivatives": derivatives.Derivation,
    "trajectories": trajectories.Trajectories,
}


def asked(client: TestClient, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = json.loads(answer.text, parse_constant=pytest.fail)
    return found


def faults(client: TestClient, path: str, body: object) -> dict[str, str]:
    answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 422, answer.text
    return {fault["path"]: f"{fault['message']} ({fault['allowed']})" for fault in answer.json()["errors"]}


@pytest.mark.parametrize(
    ("path", "name", "body"), EXAMPLES, ids=lambda each: each if isinstance(each, str) else ""
)
def test_every_example_is_answered_as_it_is_described(
    client: TestClient, path: str, name: str, body: dict[str, Any]
) -> None:
    SHAPES[path].model_validate(asked(client, path, body))


def test_the_worked_example_comes_out_to_the_last_digit(client: TestClient) -> None:
    found = asked(client, "trace", WORKED)
    after = {each["name"]: each["after"]["value"] for each in found["parameters"]}
    assert after == {
        "i0->a0": 0.55,
        "i1->a0": 1.025,
        "i2->a0": -0.45,
        "bias a0": 0.05,
        "b0->c0": -1,
        "b0->c1": 1.025,
        "bias c0": 0,
        "bias c1": 0.05,
    }
    gradients = {each["name"]: each["gradient"]["value"] for each in found["parameters"]}
    assert [gradients[name] for name in ("b0->c0", "b0->c1")] == [0, -0.25]
    assert [gradients[name] for name in ("i0->a0", "i1->a0", "i2->a0")] == [-0.5, -0.25, -0.5]
    values = {u["name"]: u["values"][0]["value"] for stage in found["stages"] for u in stage["units"]}
    assert [values[name] for name in ("a0", "b0", "c0", "c1", "o0", "o1")] == [0.5, 0.5, -0.5, 0.5, 0, 0.5]
    derivatives = {
        u["name"]: u["derivatives"][0]["value"]
        for stage in found["stages"]
        for u in stage["units"]
        if u.get("derivatives")
    }
    assert [derivatives[name] for name in ("o0", "o1", "c0", "c1", "b0", "a0")] == [
        -0.5,
        -0.5,
        0,
        -0.5,
        -0.5,
        -0.5,
    ]
    assert found["loss"]["before"]["value"] == 0.25
    assert found["loss"]["after"]["exact"] == "3311689/20480000"
    assert found["loss"]["after"]["value"] == 0.161703564453125
    assert [step["number"] for step in found["steps"]] == [1, 2, 3, 4, 5]


def test_a_trace_names_every_fault_at_its_place(client: TestClient) -> None:
    body = {
        **WORKED,
        "layers": [{"weights": [[0.5], [1, 2]], "activation": "rely", "bias": [0]}],
        "rate": 1,
    }
    found = faults(client, "trace", body)
    assert "learning_rate" in found["rate"]  # what is allowed is told
    found = faults(client, "trace", {name: value for name, value in body.items() if name != "rate"})
    assert set(found) == {"layers[0].weights[1]", "layers[0].activation", "layers[0].bias"}


def test_a_trace_needs_a_network_or_a_run(client: TestClient) -> None:
    assert set(faults(client, "trace", {"learning_rate": 0.1})) == {"layers"}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"steps": 101}, "steps"),
        ({"steps": "1"}, "steps"),
        ({"path_limit": 1025}, "path_limit"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"learning_rate": "1/0"}, "learning_rate"),
        ({"inputs": [[1, 2]]}, "inputs[0]"),
        ({"inputs": [[1, 2, 3]] * 33}, "inputs"),
        ({"targets": None}, "targets"),
        ({"loss": "mae"}, "loss"),
        ({"layers": [{"weights": [[1] * 65]}]}, "layers[0].weights[0]"),
        ({"paths_of": ["i0->b7"]}, "paths_of[0]"),
    ],
)
def test_a_trace_is_bounded(client: TestClient, body: dict[str, Any], path: str) -> None:
    assert path in faults(client, "trace", {**WORKED, **body})


def test_a_derivative_is_the_sum_of_its_paths(client: TestClient) -> None:
    found = asked(client, "derivatives", {"definitions": {"a": 2, "b": "a**2", "c": "-7*a", "d": "b*c"}})
    # dd/da = 2a*c - 7*b: 2*2*(-14) - 7*4
    assert [path["product"]["exact"] for path in found["paths"]["items"]] == ["-56", "-28"]
    assert found["paths"]["sum"] == found["derivative"] == {"value": -84.0, "exact": "-84"}
    assert found["paths"]["count"] == 2


def test_a_chain_is_the_product_of_its_neighbours(client: TestClient) -> None:
    found = asked(client, "derivatives", {"definitions": "a = 0.5\nb = 3*a**4; c = sin(b)"})
    expected = math.cos(3 * 0.5**4) * 12 * 0.5**3
    assert found["derivative"]["value"] == pytest.approx(expected, rel=1e-15)


def test_the_derivative_the_other_way_round(client: TestClient) -> None:
    found = asked(client, "derivatives", {"definitions": {"x": 2, "y": "x**3"}})
    assert found["derivative"]["exact"] == "12"
    assert found["inverse"]["derivative"]["exact"] == "1/12"
    at_zero = asked(client, "derivatives", {"definitions": {"x": 0, "y": "x**3"}})
    assert at_zero["inverse"]["derivative"]["value"] == "Infinity"


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "definitions"),
        ({"definitions": []}, "definitions"),
        ({"definitions": {"a": 1, "b": "a**"}}, "definitions.b"),
        ({"definitions": {"a": 1, "b": "c"}}, "definitions.b"),
        ({"definitions": {"a": "b", "b": "a"}}, "definitions.a"),
        ({"definitions": "a 1"}, "definitions"),
        ({"definitions": {"a": 1, "b": "a"}, "listed": 257}, "listed"),
        ({"definitions": {"a": True, "b": "a"}}, "definitions.a"),
        ({"definitions": {"a": 1, "b": "a"}, "of": "z"}, "of"),
    ],
)
def test_what_is_no_graph_is_told(client: TestClient, body: dict[str, Any], path: str) -> None:
    assert path in faults(client, "derivatives", body)


def test_descent_on_the_square_has_the_articles_steps(client: TestClient) -> None:
    found = asked(client, "trajectories", trajectories.EXAMPLES["square"]["value"])
    assert found["points"]["x"][0] == pytest.approx([1, 0.4, 0.16, 0.064], rel=1e-15)
    assert found["values"][0] == pytest.approx([1, 0.16, 0.0256, 0.004096], rel=1e-15)
    assert found["derivatives"]["x"][0] == pytest.approx([2, 0.8, 0.32, 0.128], rel=1e-15)


def test_the_cubic_settles_bounces_and_is_lost(client: TestClient) -> None:
    body = {
        "expression": "x**3 + 3*x**2",
        "start": {"x": -1.9},
        "learning_rates": [0.04, 0.3, 0.38, 0.45, 0.6],
        "steps": 400,
        "tail": 3,
    }
    found = asked(client, "trajectories", body)
    assert found["period"] == [1, 1, 2, None, None]  # as of the logistic map with r = 1 + 6a
    assert found["escaped_at"][:4] == [None] * 4
    assert 0 < found["escaped_at"][4] < 400
    assert found["first_step"] == 398
    assert len(found["points"]["x"][0]) == 3
    assert found["points"]["x"][4][-1] in ("NaN", "-Infinity", "Infinity")


def test_four_thousand_rates_are_one_call(client: TestClient) -> None:
    body = {
        "expression": "x**3 + 3*x**2",
        "start": {"x": -1.9},
        "learning_rates": {"min": 0.3, "max": 0.5, "count": 4000},
        "steps": 100,
        "tail": 8,
        "values": False,
    }
    found = asked(client, "trajectories", body)
    assert len(found["points"]["x"]) == 4000
    assert (found["learning_rates"][0], found["learning_rates"][-1]) == (0.3, 0.5)
    assert found["values"] is found["derivatives"] is None


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"expression": "x +"}, "expression"),
        ({"start": {}}, "start.x"),
        ({"start": {"x": 1, "y": 2}}, "start.y"),
        ({"learning_rates": []}, "learning_rates"),
        ({"learning_rates": {"min": 0, "max": 1}}, "learning_rates.count"),
        ({"steps": 10_001}, "steps"),
        ({"learning_rates": {"min": 0, "max": 1, "count": 4000}, "steps": 5000}, "steps"),
        ({"learning_rates": {"min": 0, "max": 1, "count": 4000}, "steps": 200}, "tail"),
        ({"expression": "x*y", "start": {"x": 1, "y": 1}, "curve": {"min": 0, "max": 1}}, "curve"),
        ({"tail": 0}, "tail"),
        ({"learning_rates": {"min": 0, "max": 1, "count": 3, "step": 1}}, "learning_rates.step"),
        ({"curve": {"min": 0, "max": 1, "n": 3}}, "curve.n"),
        ({"<": 1}, '["<"]'),
        ({"[key]": 1}, '["[key]"]'),
    ],
)
def test_what_cannot_be_descended_on_is_told(client: TestClient, body: dict[str, Any], path: str) -> None:
    whole = {"expression": "x**2", "start": {"x": 1}, "learning_rates": [0.1], "steps": 5, **body}
    assert path in faults(client, "trajectories", whole)
