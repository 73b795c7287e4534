"""Derivatives of expressions, as formulas and in reverse, against calculus and against differences."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.expressions.derivative import derivative
from core.expressions.exact import evaluate_exactly
from core.expressions.grammar import parse
from core.expressions.inversion import solve
from core.expressions.printing import to_short_text, to_text
from core.expressions.tape import Tape
from core.expressions.tree import Binary, Negate, Number, Tree, Variable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3*x**4", "12*x**3"),
        ("x**3 + 3*x**2", "3*x**2 + 6*x"),
        ("-7*x", "-7"),
        ("x*x*x", "3*x**2"),
        ("7", "0"),
        ("x**2/2 + x/3", "x + 1/3"),
        ("0.1*x + 2", "0.1"),
        ("x**(1/3)", "1/3*x**(-2/3)"),
        ("1/x", "-1/x**2"),
        ("x*log(x)", "log(x) + 1"),
        ("sin(2*x)", "2*cos(2*x)"),
        ("cos(x)", "-sin(x)"),
        ("tan(x)", "1 + tan(x)**2"),
        ("exp(-x)", "-exp(-x)"),
        ("2**x", "2**x*log(2)"),
        ("sqrt(x)", "1/(2*sqrt(x))"),
        ("cbrt(x)", "1/(3*cbrt(x)**2)"),
        ("abs(x - 1)", "sign(x - 1)"),
        ("tanh(x)", "1 - tanh(x)**2"),
        ("sigmoid(x)", "sigmoid(x)*(1 - sigmoid(x))"),
        ("relu(3*x)", "3*step(3*x)"),
        ("x**y", "y*x**(y - 1)"),
        ("(1 - x)**2 + 100*(y - x**2)**2", "-2*(1 - x) - 400*(y - x**2)*x"),
        ("e*x + pi*x", "e + pi"),
    ],
)
def test_a_derivative_is_written_as_people_would(text: str, expected: str) -> None:
    assert to_text(derivative(parse(text).tree, "x")) == expected


def test_a_formula_too_long_to_read_is_not_written() -> None:
    tree = parse("*".join(f"sin({i}*x)" for i in range(90))).tree
    assert to_short_text(derivative(tree, "x")) is None


def test_a_number_too_long_to_read_is_not_written() -> None:
    # Python refuses to write more than 4,300 digits; and to look for them took a minute and a half.
    for text in ("x*" + "*".join(["1e308"] * 200), "x/(" + "*".join(["1e308"] * 200) + ")"):
        assert to_short_text(derivative(parse(text).tree, "x")) is None
    for number in ("1.2345678901234567890123456789012e-323", "1.7e+308"):
        written = to_short_text(derivative(parse(f"{number}*x").tree, "x"))
        assert written == number.replace("+", "")


class Formula(NamedTuple):
    """An expression of x and y beside the same function and its two derivatives by hand."""

    text: str
    function: Callable[[float, float], float]
    by_x: Callable[[float, float], float]
    by_y: Callable[[float, float], float]


FORMULAS = [
    Formula("x*y + x**3", lambda x, y: x * y + x**3, lambda x, y: y + 3 * x * x, lambda x, _: x),
    Formula(
        "x/y - y/x", lambda x, y: x / y - y / x, lambda x, y: 1 / y + y / x**2, lambda x, y: -x / y**2 - 1 / x
    ),
    Formula(
        "x**-3 * y**9",
        lambda x, y: x**-3 * y**9,
        lambda x, y: -3 * x**-4 * y**9,
        lambda x, y: 9 * y**8 / x**3,
    ),
    Formula("x**y", lambda x, y: x**y, lambda x, y: y * x ** (y - 1), lambda x, y: x**y * math.log(x)),
    Formula(
        "x**2.5 + 2**y",
        lambda x, y: x**2.5 + 2**y,
        lambda x, _: 2.5 * x**1.5,
        lambda _, y: 2**y * math.log(2),
    ),
    Formula(
        "x**100 * y**-100",
        lambda x, y: (x / y) ** 100,
        lambda x, y: 100 * (x / y) ** 100 / x,
        lambda x, y: -100 * (x / y) ** 100 / y,
    ),
    Formula(
        "sin(x)*cos(y)",
        lambda x, y: math.sin(x) * math.cos(y),
        lambda x, y: math.cos(x) * math.cos(y),
        lambda x, y: -math.sin(x) * math.sin(y),
    ),
    Formula(
        "tan(x) - exp(-y)",
        lambda x, y: math.tan(x) - math.exp(-y),
        lambda x, _: 1 / math.cos(x) ** 2,
        lambda _, y: math.exp(-y),
    ),
    Formula(
        "log(x*y) + sqrt(x + y)",
        lambda x, y: math.log(x * y) + math.sqrt(x + y),
        lambda x, y: 1 / x + 0.5 / math.sqrt(x + y),
        lambda x, y: 1 / y + 0.5 / math.sqrt(x + y),
    ),
    Formula(
        "cbrt(x)*tanh(y)",
        lambda x, y: x ** (1 / 3) * math.tanh(y),
        lambda x, y: x ** (-2 / 3) / 3 * math.tanh(y),
        lambda x, y: x ** (1 / 3) / math.cosh(y) ** 2,
    ),
    Formula(
        "sigmoid(x - y)",
        lambda x, y: 1 / (1 + math.exp(y - x)),
        lambda x, y: math.exp(y - x) / (1 + math.exp(y - x)) ** 2,
        lambda x, y: -math.exp(y - x) / (1 + math.exp(y - x)) ** 2,
    ),
    Formula(
        "abs(x - y) + relu(y - x)",
        lambda x, y: abs(x - y) + max(y - x, 0),
        lambda x, y: 1.0 if x > y else -2.0,
        lambda x, y: -1.0 if x > y else 2.0,
    ),
    Formula(
        "min(x, y)*max(x**2, y)",
        lambda x, y: min(x, y) * max(x**2, y),
        lambda x, y: (x < y) * max(x**2, y) + min(x, y) * 2 * x * (x**2 > y),
        lambda x, y: (y < x) * max(x**2, y) + min(x, y) * (y > x**2),
    ),
]
POINTS = np.array([[0.7, 1.3], [1.1, 0.4], [0.35, 0.6], [1.4, 1.2]])


def columns_of(points: np.ndarray) -> dict[str, np.ndarray]:
    return {"x": points[:, 0].copy(), "y": points[:, 1].copy()}


@pytest.mark.parametrize("formula", FORMULAS, ids=[formula.text for formula in FORMULAS])
def test_reverse_mode_finds_what_calculus_finds(formula: Formula) -> None:
    value, slopes = Tape(parse(formula.text).tree).differentiate(columns_of(POINTS))
    for found, expected in (
        (value, formula.function),
        (slopes["x"], formula.by_x),
        (slopes["y"], formula.by_y),
    ):
        np.testing.assert_allclose(found, [expected(x, y) for x, y in POINTS], rtol=1e-12)


@pytest.mark.parametrize("formula", FORMULAS, ids=[formula.text for formula in FORMULAS])
def test_reverse_mode_finds_what_central_differences_find(formula: Formula) -> None:
    tape = Tape(parse(formula.text).tree)
    _, slopes = tape.differentiate(columns_of(POINTS))
    for index, name in enumerate("xy"):
        offset = np.eye(2)[index] * 1e-6
        ahead, behind = (tape.value(columns_of(POINTS + sign * offset)) for sign in (1, -1))
        np.testing.assert_allclose(slopes[name], (ahead - behind) / 2e-6, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("formula", FORMULAS, ids=[formula.text for formula in FORMULAS])
def test_the_formula_of_a_derivative_has_the_value_that_reverse_mode_finds(formula: Formula) -> None:
    tree = parse(formula.text).tree
    _, slopes = Tape(tree).differentiate(columns_of(POINTS))
    for name in "xy":
        read_back = parse(to_text(derivative(tree, name))).tree
        np.testing.assert_allclose(Tape(read_back).value(columns_of(POINTS)), slopes[name], rtol=1e-12)


Dual = tuple[Fraction, Fraction]


def dual(tree: Tree, x: Fraction) -> Dual:
    """Value and derivative by x over exact fractions, from the definition of dual numbers."""
    match tree:
        case Number(number):
            return number, Fraction(0)
        case Variable():
            return x, Fraction(1)
        case Negate(operand):
            value, slope = dual(operand, x)
            return -value, -slope
        case Binary(operator, left, right):
            (a, da), (b, db) = dual(left, x), dual(right, x)
            if operator == "**":
                exponent = int(b)
                slope = exponent * a ** (exponent - 1) * da if exponent else Fraction(0)
                return Fraction(a**exponent), Fraction(slope)
            return {
                "+": lambda: (a + b, da + db),
                "-": lambda: (a - b, da - db),
                "*": lambda: (a * b, da * b + a * db),
                "/": lambda: (a / b, (da * b - a * db) / b**2),
            }[operator]()
        case _:
            raise AssertionError


@settings(deadline=None, max_examples=100)
@given(
    st.recursive(
        st.sampled_from(["x", "x", "1", "2", "3", "0.5"]),
        lambda inner: st.one_of(
            st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
            st.builds("({})**{}".format, inner, st.integers(-2, 3)),
            inner.map("-{}".format),
        ),
        max_leaves=12,
    ),
    st.fractions(-3, 3, max_denominator=9),
)
def test_formulas_are_exact_over_fractions(text: str, x: Fraction) -> None:
    tree = parse(text).tree
    try:
        value, slope = dual(tree, x)
    except ZeroDivisionError:
        return
    found = evaluate_exactly(tree, {"x": x})
    if found is not None:  # None where numerators or denominators have become too long
        assert found == value
        simplified = evaluate_exactly(derivative(tree, "x"), {"x": x})
        assert simplified is None or simplified == slope


def test_at_a_kink_the_slope_is_the_mean_of_both_sides_and_that_of_relu_is_0() -> None:
    for text, expected in [("abs(x)", 0.0), ("relu(x)", 0.0), ("min(x, -x)", 0.0), ("max(2*x, 0)", 1.0)]:
        _, slopes = Tape(parse(text).tree).differentiate({"x": np.zeros(1)})
        assert slopes["x"] == [expected], text


def test_a_variable_that_does_not_matter_has_slope_0() -> None:
    value, slopes = Tape(parse("3").tree).differentiate({"x": np.arange(4.0)})
    assert value.tolist() == [3.0] * 4
    assert slopes["x"].tolist() == [0.0] * 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x**3", "cbrt(y)"),
        ("2*x + 3", "0.5*(y - 3)"),
        ("5 - x", "5 - y"),
        ("exp(-x)", "-log(y)"),
        ("cbrt(x/4)", "4*y**3"),
        ("3/x", "3/y"),
        ("x**2", None),
        ("sin(x)", None),
        ("x + x**3", None),
        ("4", None),
    ],
)
def test_an_equation_is_solved_where_it_has_one_real_solution(text: str, expected: str | None) -> None:
    solution = solve(parse(text).tree, "x", "y")
    assert (solution and to_text(solution)) == expected
