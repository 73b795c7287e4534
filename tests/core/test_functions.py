"""Functions to be minimised: how they are read and refused, and when a run over one has arrived."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.errors import ConfigurationError
from core.functions import Function, Judgement, lengths


def judged(function: Function, *point: float) -> Judgement:
    place = np.array(point)
    value, gradient = function.differentiate(place[None])
    return function.judge(float(value[0]), place, gradient[0])


def test_a_function_has_values_and_gradients_for_many_runs() -> None:
    function = Function.of("x**2*y + 3*y", {"y": 1, "x": 2})
    value, gradient = function.differentiate(np.array([[2.0, 1.0], [-1.0, 0.5]]))
    assert value.tolist() == [7.0, 2.0]
    assert gradient.tolist() == [[4.0, 7.0], [-1.0, 4.0]]


def test_runs_start_where_their_seed_says() -> None:
    function = Function.of("x**2 + y**2", {"x": [1, -2.5, 3], "y": 7})
    assert [function.start(seed) for seed in range(4)] == [(1.0, 7.0), (-2.5, 7.0), (3.0, 7.0), (1.0, 7.0)]


def test_a_function_can_be_written_and_read_again() -> None:
    starts: list[dict[str, float | list[float]]] = [{"x": 1, "y": 0.1}, {"x": [1, 2], "y": [0.5, -0.5]}]
    for start in starts:
        function = Function.of("x*y**2", start, tolerance=1e-3)
        again = Function.of(**function.to_json())
        assert (again.starts, again.tolerance, again.sha256) == (
            function.starts,
            function.tolerance,
            function.sha256,
        )


def test_the_hash_looks_at_the_meaning_and_at_every_start() -> None:
    hashes = [
        Function.of(text, {"x": start}, tolerance=tolerance).sha256
        for text, start, tolerance in [
            ("x**2 + 1", 1.0, 1e-6),
            (" ( x**2 )+1.0", 1.0, 1e-6),
            ("x**2 - 1", 1.0, 1e-6),
            ("x**2 + 1", 1.5, 1e-6),
            ("x**2 + 1", 1.0, 1e-5),
        ]
    ]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 4


@pytest.mark.parametrize(
    ("expression", "start", "tolerance", "fields"),
    [
        ("x +", {"x": 1}, 1e-6, ["expression"]),
        ("3", {}, 1e-6, ["expression"]),
        ("x*y", {"x": 1}, 1e-6, ["start.y"]),
        ("x", {"x": 1, "z": 2}, 1e-6, ["start.z"]),
        ("x", {"x": math.nan}, 1e-6, ["start.x"]),
        ("x", {"x": 1e101}, 1e-6, ["start.x"]),
        ("x", {"x": True}, 1e-6, ["start.x"]),
        ("x", {"x": []}, 1e-6, ["start.x"]),
        ("x", {"x": "1"}, 1e-6, ["start.x"]),
        ("x", [1.0], 1e-6, ["start"]),
        ("x + y", {"x": [1, 2], "y": [1, 2, 3]}, 1e-6, ["start"]),
        ("x", {"x": 1}, 0.0, ["tolerance"]),
        ("x", {"x": 1}, math.inf, ["tolerance"]),
        ("x + y", {"z": 0}, -1, ["tolerance", "start.x", "start.y", "start.z"]),
    ],
)
def test_every_fault_of_a_function_is_named(
    expression: str, start: dict[str, float], tolerance: float, fields: list[str]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Function.of(expression, start, tolerance=tolerance)
    assert [fault.field for fault in caught.value.faults] == fields
    assert all(fault.allowed for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("expression", "point", "standing"),
    [
        ("x**3 + 3*x**2", (0.0,), "converged"),
        ("x**3 + 3*x**2", (1e-8,), "converged"),
        ("x**3 + 3*x**2", (0.1,), "unconverged"),
        ("x**3 + 3*x**2", (-2.0,), "stationary"),
        ("x**2 - y**2", (0.0, 0.0), "stationary"),
        ("x**2 + y**2", (0.0, 0.0), "converged"),
        ("(x + y)**2 - 3*x*y", (0.0, 0.0), "converged"),  # x**2 - x*y + y**2
        (
            "(x + y)**2 + x*y",
            (0.0, 0.0),
            "stationary",
        ),  # a saddle along x = -y, though it rises along x and y
        ("x**4", (0.0,), "converged"),
        ("abs(x)", (0.0,), "converged"),
        ("-abs(x)", (0.0,), "stationary"),
        ("relu(x)", (-3.0,), "converged"),
        ("cos(x)", (math.pi,), "converged"),
        ("cos(x)", (0.0,), "stationary"),
        ("exp(-x)", (40.0,), "converged"),
        ("1e6*x**2", (1e-9,), "unconverged"),
        ("log(x)", (-1.0,), "unconverged"),
    ],
)
def test_a_run_has_arrived_where_the_derivative_vanishes_at_no_maximum_and_no_saddle(
    expression: str, point: tuple[float, ...], standing: str
) -> None:
    names = "xy"[: len(point)]
    assert judged(Function.of(expression, dict.fromkeys(names, 1.0)), *point).standing == standing


def test_the_tolerance_is_the_functions_own() -> None:
    assert judged(Function.of("x**2", {"x": 1}, tolerance=0.3), 0.1).standing == "converged"
    assert judged(Function.of("x**2", {"x": 1}, tolerance=0.2), 0.1).standing == "unconverged"


def test_a_judgement_says_what_was_found() -> None:
    judgement = judged(Function.of("x**2", {"x": 1}), 0.25)
    assert (judgement.value, judgement.slope) == (0.0625, 0.5)
    assert judgement.text == "not converged: the derivative's size is 0.5, the tolerance is 1e-06"


def test_lengths_are_exact_for_one_variable_and_do_not_overflow() -> None:
    assert lengths(np.array([[0.1], [-3e300], [0.0]])).tolist() == [0.1, 3e300, 0.0]
    np.testing.assert_allclose(
        lengths(np.array([[3e200, 4e200], [3e-200, 4e-200]])), [5e200, 5e-200], rtol=1e-15
    )
    np.testing.assert_array_equal(lengths(np.array([[1.0, math.inf], [math.nan, 1.0]])), [math.inf, math.nan])
