"""The article's worked example is reproduced to the last digit, and written out in its five steps."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from core.trace import Trace, read_network, trace
from core.tracing.numbers import read

# 3 -> 1 -> ReLU -> 2 -> ReLU, as in section 5 of the article's summary.
WORKED_EXAMPLE = [
    {"weights": [[0.5], [1], [-0.5]], "biases": [0], "activation": "relu"},
    {"weights": [[-1, 1]], "biases": [0, 0], "activation": "relu"},
]


def worked_example(**options: Any) -> Trace:
    return trace(read_network(WORKED_EXAMPLE), [[1, 0.5, 1]], [[0.5, 1]], 0.1, **options)


def document(**options: Any) -> dict[str, Any]:
    """The document as a page receives it."""
    return json.loads(json.dumps(worked_example(**options).document(), allow_nan=False))  # type: ignore[no-any-return]


def units(found: dict[str, Any], key: str) -> dict[str, str | None]:
    """Exact numbers of the only example, by the unit's name."""
    return {
        unit["name"]: unit[key][0]["exact"]
        for stage in found["stages"]
        for unit in stage["units"]
        if unit.get(key)
    }


def parameters(found: dict[str, Any], key: str) -> dict[str, str]:
    return {parameter["name"]: parameter[key]["exact"] for parameter in found["parameters"]}


def test_forward_propagation_of_the_worked_example() -> None:
    assert units(document(), "values") == {
        "i0": "1",
        "i1": "1/2",
        "i2": "1",
        "a0": "1/2",
        "b0": "1/2",
        "c0": "-1/2",
        "c1": "1/2",
        "o0": "0",
        "o1": "1/2",
    }


def test_derivatives_of_the_worked_example() -> None:
    assert units(document(), "derivatives") == {
        "o0": "-1/2",
        "o1": "-1/2",
        "c0": "0",
        "c1": "-1/2",
        "b0": "-1/2",
        "a0": "-1/2",
    }
    assert units(document(), "slopes") == {"a0": "1", "c0": "0", "c1": "1"}


def test_gradients_of_the_worked_example() -> None:
    assert parameters(document(), "gradient") == {
        "i0->a0": "-1/2",
        "i1->a0": "-1/4",
        "i2->a0": "-1/2",
        "bias a0": "-1/2",
        "b0->c0": "0",
        "b0->c1": "-1/4",
        "bias c0": "0",
        "bias c1": "-1/2",
    }


def test_parameters_after_one_step_of_the_worked_example() -> None:
    found = document()
    assert parameters(found, "after") == {
        "i0->a0": "11/20",
        "i1->a0": "41/40",
        "i2->a0": "-9/20",
        "bias a0": "1/20",
        "b0->c0": "-1",
        "b0->c1": "41/40",
        "bias c0": "0",
        "bias c1": "1/20",
    }
    assert {p["name"]: p["after"]["value"] for p in found["parameters"]} == {
        "i0->a0": 0.55,
        "i1->a0": 1.025,
        "i2->a0": -0.45,
        "bias a0": 0.05,
        "b0->c0": -1,
        "b0->c1": 1.025,
        "bias c0": 0,
        "bias c1": 0.05,
    }
    assert parameters(found, "change")["i1->a0"] == "1/40"


def test_losses_of_the_worked_example() -> None:
    found = document()
    assert found["loss"] == {
        "before": {"value": 0.25, "exact": "1/4", "shown": "0.25"},
        "after": {"value": 0.161703564453125, "exact": "3311689/20480000", "shown": "0.161703564453"},
    }
    second = {
        unit["name"]: unit["result"]["value"]
        for layer in found["forward_after"]["layers"]
        for unit in (*layer["sums"], *layer["outputs"])
    }
    assert second["a0"] == 0.6625
    assert second["c1"] == 0.7290625
    assert found["forward_after"]["error"]["result"] == found["loss"]["after"]


def test_the_five_steps_come_in_order_with_formulas_numbers_and_results() -> None:
    steps = document()["steps"]
    assert [step["number"] for step in steps] == [1, 2, 3, 4, 5]
    assert [step["layer"] for step in steps] == [1, 1, 1, 1, None]
    (earlier,) = steps[4]["rounds"]
    assert earlier["layer"] == 0
    assert [step["number"] for step in earlier["steps"]] == [2, 3, 4]
    written_out = [
        (entry["formula"], entry["examples"][0]["substituted"], entry["result"]["shown"])
        for step in (*steps, *earlier["steps"])
        for entry in step["entries"]
    ]
    expected = [
        ("dE/do0 = 2 * (o0 - t0) / 2", "2 * (0 - 0.5) / 2", "-0.5"),
        ("dE/dc1 = s'(c1) * dE/do1", "1 * (-0.5)", "-0.5"),
        ("dE/db0 = w(b0->c0) * dE/dc0 + w(b0->c1) * dE/dc1", "(-1) * 0 + 1 * (-0.5)", "-0.5"),
        ("dE/dw(b0->c1) = b0 * dE/dc1", "0.5 * (-0.5)", "-0.25"),
        ("dE/dbias(c1) = dE/dc1", "-0.5", "-0.5"),
        ("new w(b0->c1) = w(b0->c1) - learning_rate * dE/dw(b0->c1)", "1 - 0.1 * (-0.25)", "1.025"),
        ("dE/da0 = s'(a0) * dE/db0", "1 * (-0.5)", "-0.5"),
        ("new w(i2->a0) = w(i2->a0) - learning_rate * dE/dw(i2->a0)", "-0.5 - 0.1 * (-0.5)", "-0.45"),
    ]
    assert [line for line in written_out if line in expected] == expected
    assert len(written_out) == 2 + (2 + 2 + 1) + 4 + 4 + (1 + 1) + 4 + 4
    assert not any("dE/di" in formula for formula, _, _ in written_out)  # nobody needs these


def test_forward_propagation_is_written_out_too() -> None:
    forward = document()["forward"]
    first = forward["layers"][0]["sums"][0]
    assert first["formula"] == "a0 = w(i0->a0) * i0 + w(i1->a0) * i1 + w(i2->a0) * i2 + bias(a0)"
    assert first["examples"][0]["substituted"] == "0.5 * 1 + 1 * 0.5 + (-0.5) * 1 + 0"
    assert forward["layers"][1]["outputs"][0]["formula"] == "o0 = max(0, c0)"
    assert forward["error"]["formula"] == "E = ((o0 - t0)^2 + (o1 - t1)^2) / 2"
    assert forward["error"]["examples"][0]["substituted"] == "((0 - 0.5)^2 + (0.5 - 1)^2) / 2"


def test_every_path_of_the_worked_example_is_listed() -> None:
    paths = document()["paths"]
    assert paths["total"] == 4 * 2 + 4
    of_weight = {parameter["name"]: parameter for parameter in paths["parameters"]}["i1->a0"]
    through_o0, through_o1 = of_weight["examples"][0]["paths"]
    assert through_o0["nodes"] == ["i1->a0", "a0", "b0", "c0", "o0", "E"]
    assert through_o0["product"]["exact"] == "0"
    assert [(f["name"], f["value"]["exact"]) for f in through_o1["factors"]] == [
        ("da0/dw(i1->a0)", "1/2"),
        ("db0/da0", "1"),
        ("dc1/db0", "1"),
        ("do1/dc1", "1"),
        ("dE/do1", "-1/2"),
    ]
    assert of_weight["sum"]["exact"] == of_weight["gradient"]["exact"] == "-1/4"


def test_repeated_for_ever_the_error_stops_at_the_dead_output() -> None:
    found = document(steps=100)
    losses = [loss["value"] for loss in found["losses"]]
    assert len(losses) == 101
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] == pytest.approx(0.125, abs=1e-12)
    (note,) = found["notes"]
    assert (note["unit"], note["error_floor"]["exact"]) == ("o0", "1/8")
    assert note["text"] == (
        "o0 is a dead ReLU: c0 is not above 0, so its derivative is 0 and this step leaves the weights "
        "into c0 as they are. For as long as it stays dead, E cannot fall below 0.125; after 100 steps it is "
        "0.125."
    )


def test_a_unit_that_one_example_wakes_is_not_dead() -> None:
    network = read_network(WORKED_EXAMPLE)
    both = trace(network, [[1, 0.5, 1], [-1, 0, 0]], [[0.5, 1], [1, 1]], 0.1)
    names = [note["unit"] for note in both.document()["notes"]]  # type: ignore[attr-defined]
    assert names == ["o0"]  # b0 is 0 for the second example alone
    asleep = trace(network, [[-1, 0, 0], [-2, 0, 0]], [[0.5, 1], [1, 1]], 0.1)
    notes: Any = asleep.document()["notes"]
    assert [note["unit"] for note in notes] == ["b0", "o0", "o1"]
    assert "not above 0 for any example" in notes[0]["text"]
    assert notes[0]["error_floor"] is None


def test_a_gradient_is_the_mean_over_examples_and_paths_are_of_one_example() -> None:
    network = read_network([{"weights": [[2]], "biases": [1]}])  # o0 = 2 i0 + 1
    found: Any = trace(network, [[1], [3]], [[0], ["1/3"]], "1/2").document()
    weight, bias = found["parameters"]
    # E = (3 - 0)^2 and (7 - 1/3)^2, so dE/dw = 2 * 3 * 1 and 2 * 20/3 * 3.
    assert weight["gradient"]["exact"] == str((Fraction(6) + Fraction(40)) / 2)
    assert bias["gradient"]["exact"] == str((Fraction(6) + Fraction(40, 3)) / 2)
    assert found["loss"]["before"]["exact"] == str((9 + Fraction(400, 9)) / 2)
    by_example = [example["sum"]["exact"] for example in found["paths"]["parameters"][0]["examples"]]
    assert by_example == ["6", "40"]
    gradient = found["steps"][2]["entries"][0]
    assert gradient["formula"] == "dE/dw(i0->a0) = the mean over 2 examples of i0 * dE/da0"
    assert [put["substituted"] for put in gradient["examples"]] == ["1 * 6", "3 * 13.3333333333"]
    assert found["steps"][0]["entries"][0]["result"] is None  # each example has its own


def test_arithmetic_is_exact_only_where_functions_are_rational() -> None:
    for activation in ("relu", "leaky_relu", "identity", "softsign"):
        network = read_network([{"weights": [["1/3"]], "activation": activation}])
        found: Any = trace(network, [["0.7"]], [[1]], 0.1).document()
        assert found["configuration"]["arithmetic"] == "exact fractions"
        assert Fraction(found["loss"]["before"]["exact"]) > 0
    network = read_network([{"weights": [["1/3"]], "activation": "tanh"}])
    found = trace(network, [["0.7"]], [[1]], 0.1).document()
    assert found["configuration"]["arithmetic"] == "float64"
    assert found["configuration"]["arithmetic_reason"] == "tanh is not a rational function"
    assert found["loss"]["before"]["exact"] is None


def test_softsign_by_hand() -> None:
    network = read_network([{"weights": [["1/2"]], "activation": "softsign"}])
    found: Any = trace(network, [[-3]], [[0]], 1).document()
    # a = -3/2, o = -3/5, s' = 1 / (5/2)^2 = 4/25, E = 9/25, dE/dw = -3 * 4/25 * 2 * -3/5.
    assert found["loss"]["before"]["exact"] == "9/25"
    assert found["parameters"][0]["gradient"]["exact"] == str(Fraction(72, 125))


def test_floats_are_read_by_their_shortest_decimal() -> None:
    assert read(0.1) == read("0.1") == read("1/10") == Fraction(1, 10)
    assert read(1e-3) == Fraction(1, 1000)


def test_numbers_that_leave_all_bounds_are_written_as_text() -> None:
    network = read_network([{"weights": [[1000]]}, {"weights": [[1000]]}])
    found = json.loads(
        json.dumps(trace(network, [[1000]], [[0]], 1000, steps=20).document(), allow_nan=False)
    )
    assert found["losses"][-1]["value"] in {"Infinity", "NaN"}
    assert found["losses"][0]["value"] == 1e18
