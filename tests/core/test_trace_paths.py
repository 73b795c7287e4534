"""The products of all paths from a parameter to the error add up to its derivative, exactly."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.trace import Trace, TracedNetwork, read_network, trace
from core.tracing.numbers import unbounded_sum
from core.tracing.paths import all_parameters, count, paths

RATIONAL = ("relu", "leaky_relu", "identity", "softsign")
numbers = st.integers(-12, 12).map(lambda quarters: Fraction(quarters, 4))


@st.composite
def traces(draw: st.DrawFn, activations: tuple[str, ...] = RATIONAL) -> Trace:
    sizes = draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))

    def table(rows: int, columns: int) -> list[list[Fraction]]:
        return [[draw(numbers) for _ in range(columns)] for _ in range(rows)]

    layers = [
        {
            "weights": table(inputs, outputs),
            "biases": table(1, outputs)[0],
            "activation": draw(st.sampled_from(activations)),
        }
        for inputs, outputs in pairwise(sizes)
    ]
    examples = draw(st.integers(1, 3))
    network = read_network(layers)
    traced = trace(network, table(examples, sizes[0]), table(examples, sizes[-1]), 0.1)
    assume(traced.step.reason is None)  # a few, of softsign upon softsign, have fractions that are too long
    return traced


@settings(max_examples=60, deadline=None)
@given(traces())
def test_path_products_add_up_to_the_gradient_exactly(traced: Trace) -> None:
    done = traced.step.before
    examples = range(len(done.examples))
    for parameter in all_parameters(done.network):
        products = [path.product for example in examples for path in paths(done, parameter, example)]
        assert len(products) == count(done.network, parameter.layer) * len(examples)
        assert unbounded_sum(products) / len(examples) == parameter.gradient(done)


def _changed(network: TracedNetwork, place: Any, change: Fraction) -> TracedNetwork:
    layers = [
        {"weights": [list(row) for row in layer.weights], "biases": list(layer.biases)}
        for layer in network.layers
    ]
    row: Any = layers[place.layer]["biases" if place.source is None else "weights"]
    if place.source is not None:
        row = row[place.source]
    row[place.target] += change
    return read_network(layers)


@settings(max_examples=25, deadline=None)
@given(traces(activations=("identity",)))
def test_a_parabola_has_exact_central_differences_and_they_equal_the_gradient(traced: Trace) -> None:
    # Without activations E is a polynomial of degree 2 in every single parameter.
    done = traced.step.before
    inputs = [example.inputs for example in done.examples]
    targets = [example.targets for example in done.examples]
    for parameter in all_parameters(done.network):
        higher, lower = (
            trace(_changed(done.network, parameter, Fraction(change)), inputs, targets, 1).losses[0]
            for change in (1, -1)
        )
        assert (higher - lower) / 2 == parameter.gradient(done)


@settings(max_examples=25, deadline=None)
@given(traces())
def test_a_document_shows_each_sum_beside_its_gradient(traced: Trace) -> None:
    listed: Any = traced.document()["paths"]
    assert listed["total"] == sum(parameter["count"] for parameter in listed["parameters"])
    for parameter in listed["parameters"]:
        assert parameter["complete"]
        assert parameter["sum"] == parameter["gradient"]


def test_the_closed_form_counts_as_a_product_of_matrices_of_ones_does() -> None:
    sizes = [3, 5, 2, 4, 3]
    network = read_network(
        [{"weights": [[1] * outputs for _ in range(inputs)]} for inputs, outputs in pairwise(sizes)]
    )
    matrices = [np.ones(shape, dtype=int) for shape in pairwise(sizes)]
    for layer in range(4):
        ways = np.ones((1, sizes[-1]), dtype=int)
        for matrix in matrices[:layer:-1]:
            ways = ways @ matrix.T
        assert count(network, layer) == ways[0, 0]


def test_a_large_network_is_counted_in_full_and_listed_in_part() -> None:
    sizes = [4, 6, 6, 6, 6]
    network = read_network(
        [{"weights": [[0.5] * outputs for _ in range(inputs)]} for inputs, outputs in pairwise(sizes)]
    )
    found: Any = trace(network, [[1, 1, 1, 1]], [[0] * 6], 0.1, path_limit=10).document()["paths"]
    assert found["by_layer"][0] == {
        "layer": 0,
        "paths_of_each_parameter": 216,
        "formula": "6 * 6 * 6",
    }
    first = found["parameters"][0]
    assert (first["count"], first["listed"], first["complete"]) == (216, 10, False)
    assert len(first["examples"][0]["paths"]) == 10
    assert first["sum"] is first["examples"][0]["sum"] is None
    assert sum(parameter["listed"] for parameter in found["parameters"]) <= 1024


def test_paths_are_listed_for_the_parameters_asked_for() -> None:
    network = read_network([{"weights": [[1, 2], [3, 4]]}, {"weights": [[1], [1]]}])
    asked = trace(network, [[1, 1]], [[0]], 0.1, paths_of=["i1->a0", "layers.1.bias.0"])
    found: Any = asked.document()["paths"]["parameters"]  # type: ignore[index]
    assert [parameter["name"] for parameter in found if parameter["listed"]] == ["i1->a0", "bias c0"]
    assert next(p for p in found if p["name"] == "i0->a0")["examples"] == []


def test_paths_under_softmax_end_at_its_sums() -> None:
    network = read_network(
        [{"weights": [[0, 0]], "activation": "tanh"}, {"weights": [[1, 0], [0, 1]], "activation": "softmax"}],
        loss="cross_entropy",
    )
    found: Any = trace(network, [[1]], [0], 0.1).document()["paths"]["parameters"][0]  # type: ignore[index]
    path = found["examples"][0]["paths"][0]
    assert [factor["name"] for factor in path["factors"]] == [
        "da0/dw(i0->a0)",
        "db0/da0",
        "dc0/db0",
        "dE/dc0",
    ]
    assert path["factors"][-1]["value"]["value"] == pytest.approx(-0.5)
    assert found["sum"]["value"] == pytest.approx(found["gradient"]["value"])
