"""The grammar of expressions: what it means, what it refuses and where, and that it never fails."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.expressions.elementary import CONSTANTS, ELEMENTARY
from core.expressions.errors import ExpressionError
from core.expressions.grammar import MAX_DEPTH, MAX_NODES, MAX_VARIABLES, parse
from core.expressions.printing import to_text
from core.expressions.tape import Tape
from core.expressions.tokens import MAX_CHARACTERS
from core.expressions.tree import Number, same, size

SINGLE = [name for name, function in ELEMENTARY.items() if function.arguments == 1]
DOUBLE = [name for name, function in ELEMENTARY.items() if function.arguments == 2]


def expressions(*, arithmetic: bool = False) -> st.SearchStrategy[str]:
    """Texts of the grammar with more parentheses, fewer, and blanks anywhere.

    Without functions, and with no whole number that Python raises to powers of millions of digits, where they
    are for arithmetic.
    """
    leaves = st.one_of(
        st.integers(0, 999).map("{}.0".format if arithmetic else str),
        st.sampled_from(["0.1", ".5", "2.", "1e3", "2.5E-3", "x", "y", "long_name_2", *CONSTANTS]),
    )

    def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        grown = [
            st.tuples(inner, st.sampled_from([" + ", "-", "*", " / ", "**"]), inner).map("".join),
            inner.map("({})".format),
            inner.map("-{}".format),
        ]
        if not arithmetic:
            grown.append(st.builds("{}({})".format, st.sampled_from(SINGLE), inner))
            grown.append(st.builds("{}({}, {})".format, st.sampled_from(DOUBLE), inner, inner))
        return st.one_of(grown)

    return st.recursive(leaves, grow, max_leaves=25)


def value(text: str, **values: float) -> float:
    tree = parse(text).tree
    return float(Tape(tree).value({name: np.array([number]) for name, number in values.items()})[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 + 3*4", 14.0),
        ("(2 + 3)*4", 20.0),
        ("2 - 3 - 4", -5.0),
        ("16/4/2", 2.0),
        ("2**3**2", 512.0),
        ("-2**2", -4.0),
        ("(-2)**2", 4.0),
        ("2**-1", 0.5),
        ("2*-3", -6.0),
        ("--2", 2.0),
        ("1.5e2 + .5", 150.5),
        ("cos(pi)", -1.0),
        ("log(e)", 1.0),
        ("sqrt(16) + cbrt(-27)", 1.0),
        ("abs(-3) + relu(-3) + relu(2)", 5.0),
        ("min(2, 3) - max(2, 3)", -1.0),
        ("tanh(0) + sigmoid(0)", 0.5),
        ("sign(-4) + step(0) + step(4)", 0.0),
    ],
)
def test_an_expression_has_the_value_that_mathematics_gives_it(text: str, expected: float) -> None:
    assert value(text) == pytest.approx(expected, rel=1e-15)


@settings(deadline=None)
@given(expressions(arithmetic=True))
def test_arithmetic_means_what_it_means_in_python(text: str) -> None:
    names = {"x": 1.25, "y": -0.75, "long_name_2": 3.0}
    try:
        # Another reader of the same grammar; the text is made of digits, operators and these names alone.
        expected = eval(text, {"__builtins__": {}}, {**names, **CONSTANTS})  # noqa: S307
        if isinstance(expected, complex) or not math.isfinite(expected):
            return
    except (ArithmeticError, ValueError, MemoryError):
        return
    try:
        found = value(text, **names)
    except ExpressionError:
        return
    if math.isfinite(found):  # squares on the way may overflow where Python's whole numbers do not
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(deadline=None, max_examples=100)
@given(expressions())
def test_what_is_printed_reads_back_as_the_same_tree(text: str) -> None:
    try:
        tree = parse(text).tree
    except ExpressionError:
        return
    assert same(parse(to_text(tree)).tree, tree)


def test_variables_are_listed_by_their_first_appearance() -> None:
    assert parse("b*a + pi*sin(c)*b").variables == ("b", "a", "c")


def test_a_number_is_kept_as_it_was_written() -> None:
    tree = parse("0.1").tree
    assert isinstance(tree, Number)
    assert tree.value == Fraction(1, 10)


@pytest.mark.parametrize(
    ("text", "position", "problem", "allowed"),
    [
        ("", 1, "the end stands where an operand belongs", "a number, a name"),
        ("x +", 4, "the end stands where an operand belongs", "a number, a name"),
        ("x ** ** 2", 6, "'**' stands where an operand belongs", "a number, a name"),
        ("2x", 2, "'x' stands where an operator belongs", "2*x needs its *"),
        ("(x", 1, "'(' is never closed", "a ) for every ("),
        ("3*(x + sin(x)", 3, "'(' is never closed", "a ) for every ("),
        ("x)", 2, "')' closes nothing", "a ( for every )"),
        ("x, y", 2, "',' stands outside a function of two arguments", "min(a, b)"),
        ("x^2", 2, "'^' has no meaning", "** in its place"),
        ("x × y", 3, "'×' has no meaning", "* in its place"),
        ("x = 3", 3, "'=' has no meaning", "a single expression"),
        ("1 + sinus(x)", 5, "there is no function 'sinus'; did you mean sin?", "sin, cos"),
        ("sin + 1", 1, "sin is a function and stands without its argument", "sin(x)"),
        ("max(x)", 1, "max is given 1 arguments", "max(x, y)"),
        ("tanh(x, y)", 1, "tanh is given 2 arguments", "tanh(x)"),
        ("x.real", 2, "'.' has no meaning", "digits"),
        ("__import__('os')", 12, "''' has no meaning", "digits"),
        ("1e999", 1, "'1e999' is too large", "numbers below"),
        ("1e-999999999", 1, "'1e-999999999' is too small", "0, or numbers"),
        ("1." + "3" * 50, 1, "a number of 52 characters", "at most 40"),
        ("a" * 70, 1, "a name of 70 characters", "at most 64"),
        ("x\u0000", 2, "has no meaning", "digits"),
        ("\ud800", 1, "has no meaning", "digits"),
        ("١", 1, "has no meaning", "digits"),
    ],
)
def test_a_mistake_is_answered_with_its_place_and_what_is_allowed(
    text: str, position: int, problem: str, allowed: str
) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    error = caught.value
    assert error.position == position
    assert problem in error.problem or problem == "''' has no meaning"
    assert allowed in error.allowed
    assert f"at character {position}" in str(error)


def test_a_caret_stands_below_the_mistake() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("sin(x) + " * 10 + "cos(x) + ^ + x" + " + y" * 20)
    shown, caret = caught.value.excerpt.split("\n")
    assert shown[caret.index("^")] == "^"
    assert len(shown) < 60


def test_zero_may_have_any_exponent() -> None:
    assert value("0e999999999 + 0.00") == 0.0


def test_the_length_is_bounded() -> None:
    assert value("1 ".ljust(MAX_CHARACTERS)) == 1.0
    with pytest.raises(ExpressionError, match="2,001 characters are too many"):
        parse("1 ".ljust(MAX_CHARACTERS + 1))


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("sin(", ")"), ("-", ""), ("2**", "")])
def test_the_depth_is_bounded(opening: str, closing: str) -> None:
    parse(opening * MAX_DEPTH + "x" + closing * MAX_DEPTH)
    with pytest.raises(ExpressionError, match="nested too deeply"):
        parse(opening * (MAX_DEPTH + 1) + "x" + closing * (MAX_DEPTH + 1))


def test_a_long_sum_is_not_deep() -> None:
    assert size(parse("+".join(["x"] * 250)).tree) == 499


def test_the_number_of_parts_is_bounded() -> None:
    assert size(parse("-" + "+".join(["x"] * (MAX_NODES // 2))).tree) == MAX_NODES
    with pytest.raises(ExpressionError, match="more than 500 parts"):
        parse("+".join(["x"] * (MAX_NODES // 2 + 1)))


def test_the_number_of_variables_is_bounded() -> None:
    names = [f"x{i}" for i in range(MAX_VARIABLES + 1)]
    assert parse("+".join(names[:-1])).variables == tuple(names[:-1])
    with pytest.raises(ExpressionError, match="x16 is one variable too many"):
        parse("+".join(names))


@settings(deadline=None, max_examples=200)
@given(
    st.one_of(
        st.text(max_size=60),
        st.text(alphabet="0123456789.eExy+-*/(), sincomax_", max_size=80),
        st.lists(st.sampled_from([*ELEMENTARY, *CONSTANTS, "x", "2", "(", ")", "**", "-", ",", " "])).map(
            "".join
        ),
        st.builds(
            lambda part, times: part * times,
            st.sampled_from(["(", "-", "x**", "sin(", "1+"]),
            st.integers(0, 900),
        ),
    )
)
def test_no_text_leads_to_anything_but_a_tree_or_an_expression_error(text: str) -> None:
    fault = None
    try:
        parse(text)
    except ExpressionError as error:
        fault = error
    if fault is not None:
        assert 1 <= fault.position <= min(len(text), MAX_CHARACTERS) + 1
        assert fault.excerpt.endswith("^")
