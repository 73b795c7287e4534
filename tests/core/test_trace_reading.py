"""What cannot be traced is refused with field, value and what is allowed; documents have one shape."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from core.configuration import resolve
from core.errors import ConfigurationError, FieldFault
from core.trace import network_of_run, read_network, trace
from core.tracing.numbers import read, shown, written

LINEAR: list[dict[str, object]] = [{"weights": [[1], [2]], "biases": [0]}]


def faults_of(call: Any) -> dict[str, FieldFault]:
    with pytest.raises(ConfigurationError) as caught:
        call()
    return {fault.field: fault for fault in caught.value.faults}


@pytest.mark.parametrize(
    "value",
    [
        *(
            math.nan,
            math.inf,
            -math.inf,
            -0.0,
            "-0",
            "-0.00",
            "-0/3",
            1e10,
            "1e10",
            "1/0",
            "",
            " 1",
            "0x1",
            "1_0",
        ),
        *("nan", "1e9999", "1" * 41, "٣", None, True, [1], 1j, b"1", Decimal("NaN"), Decimal("1e-999999999")),
        *(np.float32(np.nan), np.float64(-0.0), np.float32(-0.0), np.bool_(True), Decimal("-0")),
    ],
    ids=repr,
)
def test_what_is_no_plain_number_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"is not|is out|divides|zero with a sign"):
        read(value)
    (fault,) = faults_of(lambda: read_network([{"weights": [[1], [value]]}])).values()
    assert fault.field == "layers.0.weights.1.0"
    assert fault.value is value
    assert fault.allowed is not None
    assert "finite" in fault.allowed


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, Fraction(3)),
        ("-1/3", Fraction(-1, 3)),
        ("+.5", Fraction(1, 2)),
        ("2.50e-1", Fraction(1, 4)),
        (Decimal("0.1"), Fraction(1, 10)),
        (np.float32(0.1), Fraction(1, 10)),
        (np.float64(0.1), Fraction(1, 10)),
        (np.int64(7), Fraction(7)),
        (5e-324, Fraction("5e-324")),
        (0.0, Fraction(0)),
    ],
    ids=repr,
)
def test_numbers_are_read_as_their_decimals_say(value: object, expected: Fraction) -> None:
    assert read(value) == expected


def test_a_number_is_written_with_its_float_its_fraction_and_twelve_digits() -> None:
    assert written(Fraction(1, 3)) == {"value": 1 / 3, "exact": "1/3", "shown": "0.333333333333"}
    assert written(0.1 + 0.2) == {"value": 0.1 + 0.2, "exact": None, "shown": "0.3"}
    assert str(written(-0.0)["value"]) == "0.0"
    assert written(math.inf) == {"value": "Infinity", "exact": None, "shown": "Infinity"}
    assert written(Fraction(10) ** 400 * -1)["value"] == "-Infinity"
    assert written(Fraction(1, 3**200))["exact"] is not None
    assert written(Fraction(1, 3**300))["exact"] is None  # more digits than people read
    assert shown(Fraction(123456789012345)) == "1.23456789012e+14"


def test_every_fault_of_a_network_is_named() -> None:
    layers: list[object] = [
        {"weights": [[1, 2], [3]], "activation": "swish"},
        {"weights": [[1], ["x"]], "biases": [1, 2], "bias": [0]},
        7,
    ]
    found = faults_of(lambda: read_network(layers, loss="hinge"))
    assert set(found) == {
        "loss",
        "layers.0.weights.1",
        "layers.0.activation",
        "layers.1.weights.1.0",
        "layers.1.biases",
        "layers.1.bias",
        "layers.2",
    }
    assert found["loss"].allowed == "mse, cross_entropy"
    assert found["layers.0.weights.1"].allowed == "2 numbers"
    assert found["layers.1.biases"].allowed == "1 numbers"


def test_layers_must_fit_each_other() -> None:
    found = faults_of(lambda: read_network([{"weights": [[1, 2]]}, {"weights": [[1]]}]))
    assert found["layers.1.weights"].allowed == "2 rows, one for each input"


@pytest.mark.parametrize(
    ("last", "loss", "allowed"),
    [("softmax", "mse", "identity, relu"), ("identity", "cross_entropy", "softmax")],
)
def test_softmax_stands_last_if_and_only_if_the_loss_is_cross_entropy(
    last: str, loss: str, allowed: str
) -> None:
    found = faults_of(lambda: read_network([{"weights": [[1, 1]], "activation": last}], loss=loss))
    assert (found["layers.0.activation"].allowed or "").startswith(allowed)


@pytest.mark.parametrize(
    ("layers", "field"),
    [
        ([{"weights": [[1]]}] * 9, "layers"),
        ([{"weights": [[1]] * 65}], "layers.0.weights"),
        ([{"weights": [[1] * 65]}], "layers.0.weights.0"),
        ([{"weights": [[1] * 64] * 64}], "layers"),  # 4,160 parameters
        ([], "layers"),
        ("layers", "layers"),
        ([{"weights": []}], "layers.0.weights"),
        ([{"weights": [[]]}], "layers.0.weights.0"),
        ([{}], "layers.0.weights"),
        ([{"weights": np.float64(1)}], "layers.0.weights"),
    ],
)
def test_sizes_are_bounded(layers: object, field: str) -> None:
    found = faults_of(lambda: read_network(layers))
    assert field in found
    assert found[field].allowed


@pytest.mark.parametrize(
    ("arguments", "options", "field"),
    [
        (([[1, 2]] * 33, [[0]] * 33, 0.1), {}, "inputs"),
        (([], [], 0.1), {}, "inputs"),
        (([[1]], [[0]], 0.1), {}, "inputs.0"),
        (([1, 2], [[0]], 0.1), {}, "inputs.0"),
        (([[1, math.nan]], [[0]], 0.1), {}, "inputs.0.1"),
        (([[1, 2]], [[-0.0]], 0.1), {}, "targets.0.0"),
        (([[1, 2]], [[0], [1]], 0.1), {}, "targets"),
        (([[1, 2]], [[0, 1]], 0.1), {}, "targets.0"),
        (([[1, 2]], [[0]], 0), {}, "learning_rate"),
        (([[1, 2]], [[0]], -1), {}, "learning_rate"),
        (([[1, 2]], [[0]], 2_000_000), {}, "learning_rate"),
        (([[1, 2]], [[0]], "fast"), {}, "learning_rate"),
        (([[1, 2]], [[0]], 0.1), {"steps": 0}, "steps"),
        (([[1, 2]], [[0]], 0.1), {"steps": 101}, "steps"),
        (([[1, 2]], [[0]], 0.1), {"steps": 1.5}, "steps"),
        (([[1, 2]], [[0]], 0.1), {"steps": True}, "steps"),
        (([[1, 2]], [[0]], 0.1), {"path_limit": 1025}, "path_limit"),
        (([[1, 2]], [[0]], 0.1), {"paths_of": ["i9->a0"]}, "paths_of.0"),
        (([[1, 2]], [[0]], 0.1), {"paths_of": "i0->a0"}, "paths_of"),
    ],
)
def test_examples_and_options_are_bounded(arguments: Any, options: Any, field: str) -> None:
    found = faults_of(lambda: trace(read_network(LINEAR), *arguments, **options))
    assert next(iter(found)) == field
    assert found[field].allowed


def test_classes_are_bounded_by_the_outputs() -> None:
    network = read_network([{"weights": [[1, 1, 1]], "activation": "softmax"}], loss="cross_entropy")
    found = faults_of(lambda: trace(network, [[1]] * 4, [3, -1, 0.5, 2], 0.1))
    assert {name: fault.allowed for name, fault in found.items()} == {
        "targets.0": "0 to 2",
        "targets.1": "0 to 2",
        "targets.2": "0 to 2",
    }


def test_too_much_work_is_refused_with_the_steps_that_would_do() -> None:
    network = read_network([{"weights": [[0.1] * 60] * 64, "activation": "tanh"}])
    found = faults_of(lambda: trace(network, [[1] * 64] * 32, [[0] * 60] * 32, 0.1, steps=9))
    assert found["steps"].allowed == "at most 8 with these parameters and examples"


def test_a_run_with_another_loss_or_a_wide_layer_is_refused() -> None:
    configuration = resolve({"hidden_layers": [65], "activation": "relu"}, task="regression")
    parameters = {
        "layers.0.weight": np.ones((1, 65)),
        "layers.0.bias": np.ones(65),
        "layers.1.weight": np.ones((65, 1)),
        "layers.1.bias": np.ones(1),
    }
    found = faults_of(lambda: network_of_run(configuration, parameters))
    assert set(found) >= {"layers.0.weights.0", "layers.1.weights"}


def stacked_softsigns(width: int) -> Any:
    """Three layers whose denominators have nothing in common."""
    weights = [[Fraction(1, 3 + width * i + j) for j in range(width)] for i in range(width)]
    network = read_network([{"weights": weights, "activation": "softsign"}] * 3)
    inputs = [[Fraction(k + 1, 7) for k in range(width)]]
    return trace(network, inputs, [[1] * width], 0.1, steps=2).document()


def test_fractions_that_grow_too_long_give_way_to_floats() -> None:
    found = stacked_softsigns(4)
    assert found["configuration"]["arithmetic_reason"] == "the fractions become too long"
    assert all(number["exact"] is None for number in numbers_in(found))


def test_an_exact_step_may_lead_to_a_loss_that_is_not() -> None:
    found = stacked_softsigns(2)
    assert found["configuration"]["arithmetic_reason"] is None
    assert found["stages"][1]["units"][0]["values"][0]["exact"] == str(
        Fraction(1, 7) / 3 + Fraction(2, 7) / 5
    )
    assert found["loss"]["after"]["exact"] is None
    assert found["loss"]["after"]["value"] < found["loss"]["before"]["value"]


def test_a_network_too_large_for_letters_is_named_by_position() -> None:
    found: Any = trace(read_network([{"weights": [[1]] * 11}]), [[1] * 11], [[0]], 0.1).document()
    assert found["names"]["style"] == "positions"
    assert found["parameters"][10]["name"] == "layers.0.weight.10.0"
    formulas = [entry["formula"] for entry in found["steps"][2]["entries"]]
    assert formulas[10] == "dE/d[layers.0.weight.10.0] = inputs.10 * dE/d[layers.0.sums.0]"
    total = found["forward"]["layers"][0]["sums"][0]
    assert total["formula"].count("+") == 5  # the middle of a long sum is left out
    assert "..." in total["examples"][0]["substituted"]


def test_letters_last_for_four_layers_and_skip_e() -> None:
    found: Any = trace(read_network([{"weights": [[1]]}] * 4), [[1]], [[0]], 0.1).document()
    assert [(layer["sums"][0], layer["outputs"][0]) for layer in found["names"]["layers"]] == [
        ("a0", "b0"),
        ("c0", "d0"),
        ("f0", "g0"),
        ("h0", "o0"),
    ]
    assert len(found["steps"][4]["rounds"]) == 3


def numbers_in(part: object) -> list[dict[str, object]]:
    if isinstance(part, dict):
        if "shown" in part:
            return [part]
        return [number for value in part.values() for number in numbers_in(value)]
    return [number for value in part for number in numbers_in(value)] if isinstance(part, list) else []


def test_a_document_is_json_of_a_fixed_shape() -> None:
    found = trace(read_network(LINEAR), [[1, 2]], [["1/3"]], 0.1, steps=3).document()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert list(found) == [
        *("configuration", "conventions", "names", "targets", "stages", "forward", "steps", "parameters"),
        *("forward_after", "loss", "losses", "paths", "notes"),
    ]
    for number in numbers_in(found):
        assert set(number) == {"value", "exact", "shown"}
        assert number["value"] == float(Fraction(str(number["exact"])))
        assert number["shown"] == format(float(str(number["value"])), ".12g")


def test_one_layer_has_nothing_to_repeat() -> None:
    found: Any = trace(read_network(LINEAR), [[1, 2]], [[1]], 0.1).document()
    assert found["steps"][4]["rounds"] == []
    assert found["steps"][4]["text"] == "There is no layer before this one."
