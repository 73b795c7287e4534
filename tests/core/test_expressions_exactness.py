"""A run's bits depend on its own numbers alone, and no number leads to a warning or an exception."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

from core.expressions.elementary import ELEMENTARY, power
from core.expressions.grammar import parse
from core.expressions.tape import Tape, whole_power

SIZES = range(1, 71)
OFFSETS = 9  # numbers: the widest vectors hold 8
EVERYTHING = (
    "sin(x)*cos(y) + tan(x/3) - exp(-x**2)*log(1 + y**2) + sqrt(abs(x))*cbrt(y) + tanh(x*y) + sigmoid(x - y)"
    " + relu(x) + min(x, y)*max(x, 2*y) + abs(x)**1.7 + 1.1**y + x**7/(y**-3 + 40) + x**65 + sign(x)*step(y)"
)


def numbers(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=count) * 3.0


@pytest.mark.parametrize("name", ELEMENTARY)
def test_a_function_gives_the_same_bits_at_every_size_and_offset(name: str) -> None:
    function = ELEMENTARY[name]
    arguments = [numbers(seed, 80) for seed in range(function.arguments)]
    with np.errstate(all="ignore"):
        alone = np.concatenate([function.value(*(x[i : i + 1] for x in arguments)) for i in range(80)])
        for size in SIZES:
            for offset in range(OFFSETS):
                together = function.value(*(x[offset : offset + size] for x in arguments))
                assert together.tobytes() == alone[offset : offset + size].tobytes(), (size, offset)


@pytest.mark.parametrize("text", ["x**3", "x**13", "x**-5", "x**64", "x**2.5", "x**101", "abs(x)**y", "x/y"])
def test_a_power_gives_the_same_bits_at_every_size_and_offset(text: str) -> None:
    check_every_size_and_offset(text)


def test_a_function_of_everything_and_its_derivatives_give_the_same_bits_at_every_size_and_offset() -> None:
    check_every_size_and_offset(EVERYTHING)


def check_every_size_and_offset(text: str) -> None:
    tape = Tape(parse(text).tree)
    columns = {"x": numbers(1, 140), "y": numbers(2, 140)}

    def bits(start: int, stop: int) -> tuple[bytes, ...]:
        value, slopes = tape.differentiate({name: column[start:stop] for name, column in columns.items()})
        return value.tobytes(), slopes["x"].tobytes(), slopes["y"].tobytes()

    alone = [bits(i, i + 1) for i in range(140)]
    for size in SIZES:
        for offset in range(OFFSETS):
            expected = tuple(map(b"".join, zip(*alone[offset : offset + size], strict=True)))
            assert bits(offset, offset + size) == expected, (size, offset)


@pytest.mark.parametrize("text", [EVERYTHING, "x**1.7", "1.1**y", "sin(x)", "tanh(y)", "log(x)", "x**7"])
def test_memory_layout_changes_no_bit(text: str) -> None:
    tape = Tape(parse(text).tree)
    points = np.abs(np.stack([numbers(3, 400), numbers(4, 400)], axis=1))
    strided = tape.differentiate({"x": points[:, 0], "y": points[:, 1]})
    packed = tape.differentiate({"x": points[:, 0].copy(), "y": points[:, 1].copy()})
    assert strided[0].tobytes() == packed[0].tobytes()
    assert all(strided[1][name].tobytes() == packed[1][name].tobytes() for name in "xy")


@pytest.mark.parametrize("name", ["sin", "cos", "tan", "exp", "log", "cbrt", "tanh"])
def test_a_transcendental_function_is_maths_own_at_any_size(name: str) -> None:
    x = np.abs(numbers(6, 1000))
    expected = [getattr(math, name)(each) for each in x.tolist()]
    assert ELEMENTARY[name].value(x).tolist() == expected


def test_a_broken_power_is_maths_own_at_any_size() -> None:
    x, y = np.abs(numbers(6, 1000)), numbers(7, 1000)
    expected = [math.pow(*pair) for pair in zip(x.tolist(), y.tolist(), strict=True)]
    assert power(x, y).tolist() == expected


def test_whole_powers_multiply_in_one_fixed_order() -> None:
    x = numbers(5, 50)
    square = x * x
    assert whole_power(x, 3).tobytes() == (x * square).tobytes()
    assert whole_power(x, 4).tobytes() == (square * square).tobytes()
    assert whole_power(x, -2).tobytes() == (1.0 / square).tobytes()
    assert whole_power(x, 0).tolist() == [1.0] * 50


INFINITY, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        ("1/x", 0.0, INFINITY),
        ("1/x", -0.0, -INFINITY),
        ("x/x", 0.0, NAN),
        ("log(x)", 0.0, -INFINITY),
        ("log(x)", -1.0, NAN),
        ("log(x)", INFINITY, INFINITY),
        ("sqrt(x)", -1.0, NAN),
        ("exp(x)", 1000.0, INFINITY),
        ("exp(x)", -INFINITY, 0.0),
        ("sin(x)", INFINITY, NAN),
        ("cos(x)", -INFINITY, NAN),
        ("tan(x)", INFINITY, NAN),
        ("sigmoid(x)", -1000.0, 0.0),
        ("sigmoid(x)", 1000.0, 1.0),
        ("x**3", 1e200, INFINITY),
        ("x**-1", 0.0, INFINITY),
        ("x**-0.5", 0.0, INFINITY),
        ("x**0.5", -4.0, NAN),
        ("x**1001", -10.0, -INFINITY),
        ("x**1000", -10.0, INFINITY),
        ("x**-101", -0.0, -INFINITY),
        ("0**x", -1.5, INFINITY),
        ("x - x", INFINITY, NAN),
        ("relu(x)", NAN, NAN),
        ("sign(x)", NAN, NAN),
        ("step(x)", NAN, NAN),
        ("min(x, 1)", NAN, NAN),
        ("max(1, x)", NAN, NAN),
        ("cbrt(x)", -INFINITY, -INFINITY),
        ("tanh(x)", -INFINITY, -1.0),
    ],
)
def test_outside_its_domain_a_function_says_so_silently(text: str, x: float, expected: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        value, _ = Tape(parse(text).tree).differentiate({"x": np.array([x, 0.5])})
    np.testing.assert_array_equal(value[0], expected)
    assert math.isfinite(value[1])


def test_roots_are_infinitely_steep_at_0() -> None:
    for text in ("sqrt(x)", "cbrt(x)", "x**0.5"):
        _, slopes = Tape(parse(text).tree).differentiate({"x": np.zeros(1)})
        assert slopes["x"] == [INFINITY], text


def test_zero_to_a_power_that_varies_stays_zero() -> None:
    _, slopes = Tape(parse("x**y").tree).differentiate({"x": np.zeros(1), "y": np.full(1, 2.0)})
    assert slopes["x"].tolist() == slopes["y"].tolist() == [0.0]
