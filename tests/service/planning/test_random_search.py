"""A random search draws from the distributions that it names, the same points for the same seed, for ever."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from core.fields import FIELDS
from service.errors import Fault, InvalidSubmission
from service.planning import random_values, space
from service.planning.expansion import expand
from service.planning.random_search import RandomSearch

MANY = 4_000
E = math.e
LIKELY = 0.001  # draws are fixed by the seed: what passes once passes for ever


def draws(spec: object, field: str = "warmup_epochs", count: int = MANY, seed: int = 0) -> list[Any]:
    """Of a field that holds any number from 0 to a million."""
    axes = space.axes({field: spec}, "classification", "random")
    return [point[field] for point in RandomSearch(count, seed).points(axes)]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"min": 1.0, "max": 3.0}, stats.uniform(1, 2)),
        ({"distribution": "uniform", "min": 1, "max": 3}, stats.uniform(1, 2)),
        ({"distribution": "log_uniform_values", "min": 1e-4, "max": 10}, stats.loguniform(1e-4, 10)),
        ({"distribution": "log_uniform", "min": -3, "max": 2}, stats.loguniform(E**-3, E**2)),
        ({"distribution": "inv_log_uniform_values", "min": 0.5, "max": 9}, stats.loguniform(0.5, 9)),
        (
            {"distribution": "inv_log_uniform", "min": -3, "max": 2},
            stats.loguniform(math.exp(-2), math.exp(3)),
        ),
        ({"distribution": "normal", "mu": 100, "sigma": 7}, stats.norm(100, 7)),
        ({"distribution": "log_normal", "mu": 0.3, "sigma": 0.5}, stats.lognorm(0.5, scale=math.exp(0.3))),
        ({"distribution": "log_normal"}, stats.lognorm(1.0)),
        ({"distribution": "beta", "a": 2, "b": 5}, stats.beta(2, 5)),
        ({"distribution": "beta"}, stats.uniform(0, 1)),
        ({"type": "float", "low": 0.1, "high": 10.0, "log": True}, stats.loguniform(0.1, 10)),
        ({"name": "FloatDistribution", "attributes": {"low": 2, "high": 4}}, stats.uniform(2, 2)),
        ({"name": "LogUniformDistribution", "attributes": {"low": 1, "high": 9}}, stats.loguniform(1, 9)),
    ],
)
def test_continuous_draws_are_those_of_the_distribution(spec: object, expected: Any) -> None:
    assert stats.kstest(draws(spec), expected.cdf).pvalue > LIKELY


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"min": 1, "max": 6}, dict.fromkeys(range(1, 7), 1 / 6)),
        ({"distribution": "int_uniform", "min": 0, "max": 3}, dict.fromkeys(range(4), 1 / 4)),
        (
            {"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.25},
            dict.fromkeys([0, 0.25, 0.5, 0.75, 1], 0.2),
        ),
        ({"distribution": "q_uniform", "min": 1, "max": 3}, dict.fromkeys([1, 2, 3], 1 / 3)),
        ({"type": "int", "low": 8, "high": 24, "step": 8}, dict.fromkeys([8, 16, 24], 1 / 3)),
        ({"values": [3, 1, 2]}, dict.fromkeys([3, 1, 2], 1 / 3)),
        ({"values": [3, 1, 2], "probabilities": [0.5, 0.0, 0.5]}, {3: 0.5, 2: 0.5}),
        ({"values": [3, 1, 2], "probabilities": [0.1, 0.9, 0]}, {3: 0.1, 1: 0.9}),
        (
            {"distribution": "q_normal", "mu": 20, "sigma": 0.5},
            {n: stats.norm(20, 0.5).cdf(n + 0.5) - stats.norm(20, 0.5).cdf(n - 0.5) for n in (19, 20, 21)},
        ),
        (
            {"distribution": "q_log_uniform_values", "min": 1, "max": 3, "q": 1},
            {n: math.log(min(n + 0.5, 3) / max(n - 0.5, 1)) / math.log(3) for n in (1, 2, 3)},
        ),
        (
            {"type": "int", "low": 1, "high": 3, "log": True},
            {n: math.log((n + 0.5) / (n - 0.5)) / math.log(7) for n in (1, 2, 3)},
        ),
        (
            {"distribution": "q_beta", "a": 2, "b": 2, "q": 0.5},
            {x: stats.beta(2, 2).cdf(x + 0.25) - stats.beta(2, 2).cdf(x - 0.25) for x in (0, 0.5, 1)},
        ),
    ],
)
def test_discrete_draws_have_their_probabilities(spec: object, expected: dict[float, float]) -> None:
    found = Counter(draws(spec))
    rare = MANY * (1 - sum(expected.values())) + 1e-9
    assert sum(found[value] for value in found.keys() - expected.keys()) <= 3 * rare + 10 * (rare > 0.1)
    observed = np.array([found[value] for value in expected], float)
    share = np.array(list(expected.values()))
    assert stats.chisquare(observed, share * observed.sum() / share.sum()).pvalue > LIKELY


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**53 - 1))
def test_more_draws_keep_the_first_ones(few: int, more: int, seed: int) -> None:
    spec = {"distribution": "log_uniform_values", "min": 1e-4, "max": 1}
    assert draws(spec, count=few + more, seed=seed)[:few] == draws(spec, count=few, seed=seed)


def test_a_parameters_draws_do_not_depend_on_the_others() -> None:
    rate: dict[str, object] = {"distribution": "log_uniform_values", "min": 1e-4, "max": 1}
    alone = space.axes({"learning_rate": rate}, "classification", "random")
    beside = space.axes({"l2": {"min": 0.0, "max": 1.0}, "lr": rate}, "classification", "random")
    first = [point["learning_rate"] for point in RandomSearch(9, 4).points(alone)]
    assert [point["learning_rate"] for point in RandomSearch(9, 4).points(beside)] == first
    assert [point["l2"] for point in RandomSearch(9, 4).points(beside)] != first


def test_the_first_draws_of_seed_0_are_these_on_every_platform() -> None:
    assert draws({"min": 0.0, "max": 1.0}, count=3) == [0.545472702791, 0.943130966255, 0.985523534435]


def test_a_search_seed_draws_its_own_points() -> None:
    assert draws({"min": 0.0, "max": 1.0}, count=5, seed=1) != draws({"min": 0.0, "max": 1.0}, count=5)


def test_what_is_drawn_twice_is_trained_once_with_every_seed() -> None:
    axes = space.axes({"hidden_layers": {"values": [[4], [8]]}}, "classification", "random")
    runs = expand(axes, [7, 3], "classification", search=RandomSearch(50, 0))
    first = next(RandomSearch(50, 0).points(axes))["hidden_layers"]
    assert [(run.configuration.hidden_layers, run.seed) for run in runs[:2]] == [(first, 7), (first, 3)]
    assert len(runs) == 4


def test_whole_fields_get_whole_numbers() -> None:
    spec = {"distribution": "q_log_uniform_values", "min": 8, "max": 256, "q": 8}
    assert {type(value) for value in draws(spec, "batch_size", 50)} == {int}
    assert {value % 8 for value in draws(spec, "batch_size", 50)} == {0}


def fault_of(spec: object, field: str = "learning_rate", count: int = 20) -> Fault:
    with pytest.raises(InvalidSubmission) as refused:
        draws(spec, field, count)
    return refused.value.faults[0]


@pytest.mark.parametrize(
    ("spec", "path", "message"),
    [
        (
            {"distribution": "log_uniform_valus", "min": 1, "max": 2},
            ".distribution",
            "did you mean",
        ),
        ({"distribution": "uniform", "min": 1}, ".max", "is missing"),
        ({"distribution": "uniform", "min": "a", "max": 2}, ".min", "is not a number"),
        ({"distribution": "uniform", "min": True, "max": 2}, ".min", "is not a number"),
        ({"distribution": "uniform", "min": 2, "max": 1}, ".max", "above the lower one"),
        (
            {"distribution": "uniform", "min": 1, "max": 2, "mu": 3},
            ".mu",
            "does not belong",
        ),
        ({"distribution": "uniform", "min": 1, "max": 2, "count": 3}, ".count", "belongs to grids"),
        ({"distribution": "uniform", "min": -1, "max": 1}, ".min", "out of range"),
        ({"distribution": "uniform", "min": 1, "max": 1e9}, ".max", "out of range"),
        ({"distribution": "log_uniform_values", "min": 0, "max": 2}, ".min", "only above 0"),
        ({"distribution": "log_uniform", "min": 0, "max": 800}, ".max", "exponents of e"),
        ({"distribution": "normal", "sigma": 0}, ".sigma", "is not above 0"),
        ({"distribution": "beta", "a": -1}, ".a", "is not above 0"),
        (
            {"distribution": "q_uniform", "min": 0.5, "max": 1, "q": 0.3},
            ".max",
            "not a whole number of steps",
        ),
        ({"distribution": "int_uniform", "min": 0.5, "max": 2}, ".min", "whole numbers"),
        ({"distribution": "q_log_uniform_values", "min": 1.2, "max": 1.6, "q": 1}, ".q", "no multiple"),
        (
            {"distribution": "q_log_uniform_values", "min": 1e-300, "max": 1e300, "q": 1e-300},
            ".q",
            "too many steps",
        ),
        ({"distribution": "int_uniform", "min": 1, "max": 1e300}, ".max", "too many steps"),
        ({"distribution": "normal"}, "", "draw "),
        ({"distribution": "q_normal", "mu": 1e300, "q": 1e-300}, "", "draw "),
        ({"values": [1, 2], "probabilities": [1]}, ".probabilities", "are 1 for 2 values"),
        ({"values": [1, 2], "probabilities": [0.5, 0.6]}, ".probabilities", "add up to 1.1, not to 1"),
        ({"values": [1, 2], "probabilities": [2, -1]}, ".probabilities[1]", "is no probability"),
        ({"values": [1, 2], "probabilities": "ab"}, ".probabilities", "is not a list"),
        ({"values": [1, 2], "min": 0}, ".min", "does not go with values"),
        ({"parameters": {"a": 1}}, "", "cannot be nested"),
        ({}, "", "says nothing"),
        ({"type": "float", "low": 1, "high": 2, "count": 3}, ".count", "belongs to grids"),
        ({"type": "float", "low": 2, "high": 1}, ".high", "above the lower one"),
        ({"type": "float", "low": 0, "high": 1, "log": True}, ".low", "only above 0"),
        ({"name": "FloatDistribution", "attributes": {"low": 2}}, ".attributes.high", "is missing"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_its_path(spec: object, path: str, message: str) -> None:
    fault = fault_of(spec)
    assert fault.path == f"parameters.learning_rate{path}"
    assert message in fault.message


def test_a_whole_field_refuses_a_distribution_of_other_numbers() -> None:
    fault = fault_of({"distribution": "uniform", "min": 1, "max": 9}, "epochs")
    assert fault.message == "epochs takes whole numbers, and uniform draws others"
    assert "no numbers to draw from" in fault_of({"min": 1, "max": 2}, "hidden_layers").message


def test_too_many_draws_are_counted_before_any_is_made() -> None:
    axes = space.axes({"lr": {"min": 0.1, "max": 1.0}}, "classification", "random")
    with pytest.raises(InvalidSubmission, match="10,000,000,000 runs asked, at most 100,000"):
        expand(axes, range(100_000), "classification", search=RandomSearch(100_000, 0))


NAMES = st.sampled_from([*random_values.NEEDS, "categorical", "constant", "x"])
ANYTHING = (
    st.none()
    | st.booleans()
    | st.integers(-5, 50)
    | st.floats()
    | st.text(max_size=2)
    | st.lists(st.floats(0, 1), max_size=3)
)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "min",
                "max",
                "q",
                "mu",
                "sigma",
                "a",
                "b",
                "values",
                "value",
                "probabilities",
                "low",
                "high",
                "type",
                "name",
                "attributes",
                "log",
                "step",
                "count",
            ]
        ),
        ANYTHING,
        max_size=5,
    ),
    NAMES | st.none(),
    st.sampled_from(["learning_rate", "epochs", "batch_size", "momentum", "optimizer", "hidden_layers"]),
)
def test_no_parameter_leads_to_anything_but_draws_or_faults(
    spec: dict[str, Any], name: str | None, field: str
) -> None:
    if name is not None:
        spec["distribution"] = name
    try:
        found = draws(spec, field, 5)
    except InvalidSubmission:
        return
    assert all(value is None or FIELDS[field].parse(value) == value for value in found)
