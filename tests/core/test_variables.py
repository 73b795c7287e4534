"""Graphs of variables: the article's examples, paths against reverse mode, and what is refused."""

from __future__ import annotations

import json
import math
from fractions import Fraction

import pytest

from core.expressions.definitions import MAX_DEFINITIONS, DefinitionError, Value, definitions_from_text
from core.expressions.exact import Quantity
from core.variables import Derivation, build, derive

TWO_PATHS: dict[str, Value] = {"a": 2, "b": "a**2", "c": "-7*a", "d": "b*c"}


def derived(definitions: dict[str, Value], of: str | None = None, to: str | None = None) -> Derivation:
    return derive(build(definitions), of, to)


def test_a_chain_of_two_is_the_product_of_both_derivatives() -> None:
    found = derived({"a": 0.5, "b": "3*a**4", "c": "sin(b)"}, of="c", to="a")
    (path,) = found.to_json()["paths"]["items"]
    assert path["text"] == "12*a**3 * cos(b)"
    assert found.derivative.value == pytest.approx(math.cos(3 * 0.5**4) * 12 * 0.5**3, rel=1e-15)


def test_a_chain_of_any_length_is_the_product_of_its_neighbours_derivatives() -> None:
    links = 40
    chain: dict[str, Value] = {"x0": 1.5, **{f"x{i + 1}": f"{i + 2}*x{i}" for i in range(links)}}
    found = derived(chain)
    assert found.derivative.exact == math.factorial(links + 1)


def test_several_paths_add_up() -> None:
    found = derived(TWO_PATHS, of="d", to="a")
    a, b, c = 2, 4, -14
    first, second = found.paths
    assert [edge.of for edge in first.edges] == ["b", "d"]
    assert first.product == Quantity(2.0 * a * c, Fraction(2 * a * c))
    assert second.product == Quantity(-7.0 * b, Fraction(-7 * b))
    assert found.total == found.derivative == Quantity(-84.0, Fraction(-84))


def test_the_whole_derivation_is_plain_json() -> None:
    found = derived(TWO_PATHS).to_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["variables"][2] == {
        "name": "c",
        "expression": "-7*a",
        "made_of": ["a"],
        "value": {"value": -14.0, "exact": "-14"},
    }
    assert found["edges"][0] == {
        "of": "b",
        "to": "a",
        "text": "2*a",
        "derivative": {"value": 4.0, "exact": "4"},
    }
    assert (found["of"], found["to"], found["text"]) == ("d", "a", "2*a*c - 7*b")
    assert found["paths"]["count"] == 2
    assert [path["text"] for path in found["paths"]["items"]] == ["2*a * c", "-7 * b"]
    assert found["paths"]["items"][0]["variables"] == ["a", "b", "d"]
    assert found["paths"]["sum"] == found["derivative"] == {"value": -84.0, "exact": "-84"}
    assert found["inverse"] is None


@pytest.mark.parametrize("x", [2, -2, 0.1, -0.3])
def test_the_other_way_round_a_cube_has_the_real_cube_root(x: float) -> None:
    found = derived({"x": x, "y": "x**3"}).inverse
    assert found is not None
    assert (found.of, found.to) == ("x", "y")
    y = float(x) ** 3
    assert found.derivative.value == pytest.approx(1 / (3 * abs(y) ** (2 / 3)), rel=1e-14)
    assert found.derivative.exact == 1 / (3 * Fraction(repr(x)) ** 2)
    shown = found.to_json()
    assert (shown["text"], shown["solved_text"]) == ("1/(3*x**2)", "1/(3*cbrt(y)**2)")


def test_the_other_way_round_a_cube_is_infinitely_steep_at_0() -> None:
    found = derived({"x": 0, "y": "x**3"}).to_json()
    assert found["derivative"] == {"value": 0.0, "exact": "0"}
    assert found["inverse"]["derivative"] == {"value": "Infinity", "exact": None}


def test_a_cube_root_written_out_has_the_same_derivative() -> None:
    found = derived({"y": -8, "x": "cbrt(y)"})
    assert found.derivative.value == pytest.approx(1 / 12, rel=1e-15)


def test_the_other_way_round_is_found_through_a_chain() -> None:
    found = derived({"x": 4, "y": "sqrt(x)", "z": "exp(y)"}).inverse
    assert found is not None
    assert found.to_json()["solved_text"] == "2*log(z)/z"  # x = log(z)**2
    assert found.derivative.value == pytest.approx(2 * 2 / math.exp(2), rel=1e-15)


@pytest.mark.parametrize(("of", "to"), [("d", "a"), ("a", "d"), ("a", "a")])
def test_there_is_no_other_way_round_but_along_one_path(of: str, to: str) -> None:
    assert derived(TWO_PATHS, of, to).inverse is None


def test_exact_numbers_take_a_float_by_its_shortest_decimal() -> None:
    found = derived({"x": 0.1, "y": "x*(1 + 0.2)"})
    assert found.graph.values["y"].exact == Fraction(12, 100)
    assert found.graph.values["y"].value == 0.12  # where 0.1 * 1.2 is 0.12 too, but 0.1 * 3 is not 0.3
    assert derived({"x": 0.1, "y": "3*x"}).graph.values["y"].value == 0.3


def test_a_number_that_is_not_rational_has_no_exact_value() -> None:
    found = derived({"x": 2, "y": "sqrt(x)", "z": "3*y + x"})
    assert found.graph.values["z"].exact is None
    assert found.derivative.value == pytest.approx(3 / (2 * math.sqrt(2)) + 1, rel=1e-15)


def test_a_formula_that_cancels_gives_no_number_where_the_expression_has_none() -> None:
    found = derived({"x": 0, "y": "x*x/x"}).to_json()
    assert found["text"] == "1"
    assert found["variables"][1]["value"] == found["derivative"] == {"value": "NaN", "exact": None}


def test_exact_numbers_stop_where_they_become_too_long_to_read() -> None:
    squares: dict[str, Value] = {"x0": 1.7, **{f"x{i + 1}": f"x{i}**2" for i in range(20)}}
    found = derived(squares)
    assert found.graph.values["x3"].exact == Fraction(17, 10) ** 8
    assert found.graph.values["x20"] == Quantity(math.inf)
    assert found.to_json()["variables"][-1]["value"] == {"value": "Infinity", "exact": None}


def test_a_graph_of_numbers_too_long_to_read_has_no_text() -> None:
    document = derived({"x": 1, "y": "*".join(["1e-300"] * 240) + "*x", "z": "3*y"}).to_json()
    assert [edge["text"] for edge in document["edges"]] == [None, "3"]
    assert document["paths"]["items"][0]["text"] is None
    assert (document["text"], document["inverse"]["text"]) == (None, None)
    assert document["derivative"] == {"value": 0.0, "exact": None}


def test_an_intermediate_variable_may_be_the_one_to_derive_by() -> None:
    found = derived(TWO_PATHS, of="d", to="b")
    assert found.count == 1
    assert found.derivative.exact == -14


def test_without_a_path_the_derivative_is_0() -> None:
    found = derived(TWO_PATHS, of="c", to="b")
    assert (found.count, found.paths, found.total) == (0, (), Quantity(0.0, Fraction(0)))
    assert found.derivative == found.total


def test_a_variable_by_itself_has_the_derivative_1() -> None:
    found = derived(TWO_PATHS, of="b", to="b")
    assert found.count == 1
    assert found.derivative.exact == 1
    assert found.to_json()["paths"]["items"][0]["text"] == "1"


def test_an_infinite_slope_elsewhere_in_the_graph_does_no_harm() -> None:
    found = derived({"a": 0, "b": "sqrt(a)", "c": "2*a", "d": "b + c"}, of="c", to="a")
    assert found.derivative.exact == 2


def diamonds(count: int) -> dict[str, Value]:
    """Two ways at every step, so 2 ** count paths, each of product 1 / 2 ** count."""
    definitions: dict[str, Value] = {"x0": 3}
    for i in range(count):
        definitions |= {f"l{i}": f"x{i}/2", f"r{i}": f"x{i}/2", f"x{i + 1}": f"l{i} + r{i}"}
    return definitions


def test_paths_are_counted_without_being_walked_and_listed_up_to_a_bound() -> None:
    found = derived(diamonds(15))
    assert found.count == 2**15
    assert len(found.paths) == 64
    assert found.total is None
    assert found.to_json()["text"] is None
    assert found.derivative.exact == 1


def test_where_all_paths_are_listed_their_sum_is_the_derivative() -> None:
    found = derived(diamonds(6))
    assert len(found.paths) == found.count == 64
    assert found.total == found.derivative == Quantity(1.0, Fraction(1))


def test_paths_and_reverse_mode_agree_where_nothing_is_rational() -> None:
    found = derived(
        {"x": 0.7, "u": "sin(x)", "v": "exp(x*u)", "w": "log(v) + u*v", "y": "tanh(w)/(1 + u**2) + x"}
    )
    assert found.total is not None
    assert found.total.value == pytest.approx(found.derivative.value, rel=1e-12)


def test_the_number_of_listed_paths_is_bounded() -> None:
    with pytest.raises(DefinitionError, match="257 paths to list; allowed: 0 to 256"):
        derive(build(TWO_PATHS), listed=257)


def test_definitions_may_use_later_ones() -> None:
    graph = build({"d": "b*c", "c": "-7*a", "a": 2, "b": "a**2"})
    assert [definition.name for definition in graph.definitions] == ["a", "c", "b", "d"]


def test_definitions_are_read_from_lines() -> None:
    assert definitions_from_text("a = 2; b = a**2\n\n  c=-7*a ") == [("a", "2"), ("b", "a**2"), ("c", "-7*a")]
    with pytest.raises(DefinitionError, match="'a 2' defines nothing; allowed: lines such as"):
        definitions_from_text("a 2")


@pytest.mark.parametrize(
    ("definitions", "variable", "message"),
    [
        ([("a", "b"), ("b", "c"), ("c", "a")], "a", "a needs b needs c needs a, in a circle"),
        ([("z", "a"), ("a", "a + 1")], "a", "a needs a, in a circle"),
        ([("a", 1), ("b", "a + other")], "b", "b is made of other, which is not defined"),
        ([("alpha", 1), ("b", "alhpa")], "b", "did you mean alpha?"),
        ([("a", 1), ("a", 2)], "a", "a is defined twice"),
        ([("a", 1), ("z", 2), ("b", "a")], "z", "nothing is made of z"),
        (
            [("a", 1), ("b", "2 a")],
            "b",
            "in the expression of b, 'a' stands where an operator belongs at character 3",
        ),
        ([("sin", 1)], "sin", "sin is a function already"),
        ([("pi", 3)], "pi", "pi is a constant already"),
        ([("2a", 1)], "2a", "'2a' cannot be a name"),
        ([("a", math.nan)], "a", "a is nan"),
        ([("a", 10**400)], "a", "a is inf"),
        ([("a", True)], "a", "a is True"),
        ([], None, "0 definitions"),
        ([(f"a{i}", i) for i in range(MAX_DEFINITIONS + 1)], None, "49 definitions"),
        (
            [("a", 1), ("b", "+".join(["a"] * 240)), ("c", "+".join(["b"] * 20))],
            "c",
            "with c, the definitions become",
        ),
    ],
)
def test_definitions_that_cannot_be_computed_are_refused_by_name(
    definitions: list[tuple[str, Value]], variable: str | None, message: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        build(definitions)
    assert caught.value.variable == variable
    assert message in str(caught.value)
    assert "; allowed: " in str(caught.value)


def test_a_mistake_in_an_expression_keeps_its_place() -> None:
    with pytest.raises(DefinitionError) as caught:
        build({"a": 1, "b": "a + (2"})
    assert caught.value.position == 5


def test_an_unknown_variable_is_refused() -> None:
    with pytest.raises(DefinitionError, match="there is no variable 'z'; allowed: a, b, c, d"):
        derived(TWO_PATHS, of="z")
