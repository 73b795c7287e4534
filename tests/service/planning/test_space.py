"""Grids are what other libraries and hand arithmetic say; what none can use is refused under its path."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import Fault, InvalidSubmission
from service.planning import grids, space


def values_of(spec: object, field: str = "learning_rate") -> list[object]:
    (axis,) = space.axes({field: spec})
    return list(axis.values)


def faults_of(parameters: dict[str, object], task: str | None = None) -> tuple[Fault, ...]:
    with pytest.raises(InvalidSubmission) as caught:
        space.axes(parameters, task)
    return caught.value.faults


def test_parameters_keep_their_submitted_order_and_names_are_ours() -> None:
    axes = space.axes({"epochs": 3, "lr": {"values": [0.1, 1]}, "hidden_layers": {"value": []}})
    assert [(axis.field, axis.values, axis.path) for axis in axes] == [
        ("epochs", (3,), "parameters.epochs"),
        ("learning_rate", (0.1, 1.0), "parameters.lr"),
        ("hidden_layers", ((),), "parameters.hidden_layers"),
    ]
    assert space.count(axes, 10) == 20


def test_a_log_grid_has_exact_ends_and_twelve_digits() -> None:
    values = values_of({"distribution": "log_uniform_values", "min": 0.001, "max": 10, "count": 13})
    # numpy.geomspace(0.001, 10, 13)
    expected = [
        0.001,
        0.0021544346900318843,
        0.004641588833612777,
        0.01,
        0.021544346900318832,
        0.046415888336127774,
    ]
    np.testing.assert_allclose(np.array(values[:6], dtype=float), expected, rtol=5e-12)
    assert values[::3] == [0.001, 0.01, 0.1, 1.0, 10.0]
    assert values[1] == 0.00215443469003


def test_log_uniform_takes_exponents_as_in_wandb() -> None:
    values = values_of({"distribution": "log_uniform", "min": -2, "max": 0, "count": 3})
    np.testing.assert_allclose(np.array(values, dtype=float), [math.exp(-2), math.exp(-1), 1], rtol=1e-11)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"distribution": "uniform", "min": 0.1, "max": 1, "count": 10}, [n / 10 for n in range(1, 11)]),
        ({"min": 0.5, "max": 1.5, "count": 3}, [0.5, 1.0, 1.5]),
        # W&B's own grid gives 0 and 0.5 here and drops the end point.
        ({"distribution": "q_uniform", "min": 0.5, "max": 1.5, "q": 0.5}, [0.5, 1.0, 1.5]),
        ({"distribution": "q_uniform", "min": 0.1, "max": 0.7, "q": 0.1, "count": 3}, [0.1, 0.4, 0.7]),
        (
            {"name": "FloatDistribution", "attributes": {"low": 0.1, "high": 10, "log": True}, "count": 3},
            [0.1, 1, 10],
        ),
        (
            {"name": "LogUniformDistribution", "attributes": {"low": 0.1, "high": 10}, "count": 3},
            [0.1, 1, 10],
        ),
        ({"name": "UniformDistribution", "attributes": {"low": 1, "high": 2}, "count": 2}, [1, 2]),
        (
            {"name": "DiscreteUniformDistribution", "attributes": {"low": 0.25, "high": 1, "q": 0.25}},
            [0.25, 0.5, 0.75, 1],
        ),
        ({"type": "float", "low": 0.25, "high": 1, "log": False, "step": 0.25}, [0.25, 0.5, 0.75, 1]),
        ({"type": "float", "low": 1, "high": 2, "step": None, "count": 2}, [1, 2]),
        ({"distribution": "constant", "value": 2}, [2]),
        ({"distribution": "categorical", "values": [3, 1]}, [3, 1]),
        ({"name": "CategoricalDistribution", "attributes": {"choices": [3, 1]}}, [3, 1]),
        ({"value": None}, [None]),
        (None, [None]),
    ],
)
def test_every_accepted_way_of_writing_gives_its_values(spec: object, expected: list[float]) -> None:
    assert values_of(spec) == expected


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"min": 1, "max": 4}, [1, 2, 3, 4]),
        ({"distribution": "int_uniform", "min": 1, "max": 10, "count": 4}, [1, 4, 7, 10]),
        ({"distribution": "q_uniform", "min": 10, "max": 50, "q": 20}, [10, 30, 50]),
        ({"distribution": "uniform", "min": 10, "max": 30, "count": 3}, [10, 20, 30]),
        (
            {"distribution": "log_uniform_values", "min": 1, "max": 1024, "count": 11},
            [2**n for n in range(11)],
        ),
        (
            {"name": "IntDistribution", "attributes": {"low": 8, "high": 64, "step": 8, "log": False}},
            list(range(8, 65, 8)),
        ),
        ({"type": "int", "low": 1, "high": 100, "log": True, "step": 1, "count": 3}, [1, 10, 100]),
        ({"name": "IntUniformDistribution", "attributes": {"low": 1, "high": 7, "step": 3}}, [1, 4, 7]),
        (
            {
                "name": "IntLogUniformDistribution",
                "attributes": {"low": 1, "high": 100, "step": 1},
                "count": 3,
            },
            [1, 10, 100],
        ),
    ],
)
def test_whole_numbers_stay_whole(spec: object, expected: list[int]) -> None:
    values = values_of(spec, "epochs")
    assert values == expected
    assert all(type(value) is int for value in values)


@given(
    st.floats(1e-6, 1e3),
    st.floats(1e-6, 1e3),
    st.integers(2, 60),
    st.sampled_from([grids.linear, grids.geometric]),
)
def test_grids_rise_hold_both_ends_exactly_and_have_as_many_values_as_asked(
    one: float, other: float, count: int, grid: object
) -> None:
    low, high = sorted((one, other))
    if high < 1.01 * low:
        return
    values = grid(low, high, count)  # type: ignore[operator]
    assert (values[0], values[-1], len(values)) == (low, high, count)
    assert all(a < b for a, b in pairwise(values))
    reference = (np.linspace if grid is grids.linear else np.geomspace)(low, high, count)
    np.testing.assert_allclose(values, reference, rtol=1e-10)


@given(st.integers(-50, 50), st.integers(1, 40), st.integers(1, 9), st.data())
def test_stepped_grids_hold_only_whole_steps_and_both_ends(
    low: int, steps: int, tenths: int, data: st.DataObject
) -> None:
    step, high = tenths / 10, (low * 10 + steps * tenths) / 10
    count = data.draw(st.none() | st.integers(2, steps + 1))
    values = grids.stepped(low, high, step, count)
    assert (values[0], values[-1]) == (low, high)
    assert len(set(values)) == len(values) == (count or steps + 1)
    assert set(values) <= {(low * 10 + n * tenths) / 10 for n in range(steps + 1)}


@pytest.mark.parametrize(
    ("spec", "path", "message"),
    [
        ({"distribution": "normal", "mu": 0, "sigma": 1}, "distribution", "normal has no end points"),
        ({"distribution": "beta", "a": 1, "b": 2}, "distribution", "no end points"),
        (
            {"distribution": "q_log_uniform_values", "min": 1, "max": 2},
            "distribution",
            "not offered in a grid",
        ),
        ({"distribution": "uniformm", "min": 1, "max": 2}, "distribution", "did you mean 'uniform'"),
        ({"distribution": ["uniform"]}, "distribution", "is not a distribution"),
        ({"distribution": "uniform", "min": 0.1, "max": 1}, "count", "a grid needs the number of values"),
        ({"distribution": "uniform", "min": 0.1, "max": 1, "count": 1}, "count", "both its ends"),
        ({"distribution": "uniform", "min": 0.1, "max": 1, "count": 10**6}, "count", "no endless list"),
        ({"distribution": "uniform", "min": 0.1, "max": 1, "count": 2.0}, "count", "is not a whole number"),
        ({"distribution": "uniform", "min": 0.1, "count": 2}, "max", "is missing"),
        ({"distribution": "uniform", "min": "0.1", "max": 1, "count": 2}, "min", "is not a number"),
        ({"distribution": "uniform", "min": True, "max": 2, "count": 2}, "min", "is not a number"),
        ({"distribution": "uniform", "min": 1, "max": 1, "count": 2}, "max", "must be above the lower one"),
        ({"distribution": "uniform", "min": 1, "max": 2, "count": 2, "q": 1}, "q", "q belongs to q_uniform"),
        ({"distribution": "uniform", "min": 1, "max": 2, "conut": 2}, "conut", "did you mean 'count'"),
        ({"distribution": "log_uniform_values", "min": 0, "max": 1, "count": 2}, "min", "starts above 0"),
        ({"distribution": "log_uniform", "min": -9, "max": 1000, "count": 2}, "max", "exponents of e"),
        ({"distribution": "int_uniform", "min": 0.5, "max": 3}, "min", "between whole numbers"),
        ({"distribution": "int_uniform", "min": 1, "max": 3, "count": 9}, "count", "only 3 values"),
        (
            {"distribution": "int_uniform", "min": 1, "max": 10**9},
            "count",
            "1,000,000,000 values are too many",
        ),
        (
            {"distribution": "q_uniform", "min": 1, "max": 2, "q": 0.3},
            "max",
            "not a whole number of steps of 0.3",
        ),
        ({"distribution": "q_uniform", "min": 1, "max": 2, "q": 0}, "q", "not a positive number"),
        ({"distribution": "uniform", "min": -1, "max": 1, "count": 3}, "min", "out of range"),
        ({"values": []}, "values", "is empty"),
        ({"values": 0.1}, "values", "is not a list"),
        ({"values": [0.1, 0.2, 0.1]}, "values[2]", "same value as values[0]"),
        ({"values": [1, 1.0]}, "values[1]", "same value as values[0]"),
        ({"values": [0.1, "x"]}, "values[1]", "'x' is not a number"),
        ({"values": [0.1], "probabilities": [1]}, "probabilities", "tries each value once"),
        ({"values": [0.1], "value": 1}, "value", "cannot both be given"),
        ({"value": 0.1, "vlaues": 1}, "vlaues", "did you mean 'values'"),
        ({"value": -1}, "value", "-1 is out of range"),
        ({"values": [1], "distribution": "uniform"}, "distribution", "does not go with values"),
        ({"type": "float", "low": 1, "high": 2, "lgo": True}, "lgo", "no part of Optuna's float"),
        ({"type": "double"}, "type", "no distribution of Optuna's"),
        ({"type": "float", "low": 1, "high": 2, "log": True, "step": 0.5}, "step", "no steps"),
        ({"type": "float", "low": 1, "high": 2, "log": 1}, "log", "not a truth value"),
        ({"type": "categorical", "choices": []}, "choices", "is empty"),
        ({"name": "NormalDistribution", "attributes": {}}, "name", "no distribution of Optuna's"),
        ({"name": ["UniformDistribution"]}, "name", "no distribution of Optuna's"),
        (
            {"name": "UniformDistribution", "attributes": {"low": 2, "high": 1}},
            "attributes.high",
            "above the",
        ),
        (
            {"name": "UniformDistribution", "attributes": {"low": 1, "high": 2, "log": True}},
            "attributes.log",
            "no part of Optuna's float",
        ),
        (
            {"name": "DiscreteUniformDistribution", "attributes": {"low": 1, "high": 2, "q": 0}},
            "attributes.q",
            "not a positive number",
        ),
        (
            {"name": "IntLogUniformDistribution", "attributes": {"low": 1, "high": 2, "step": 2}},
            "attributes.step",
            "no steps",
        ),
        ({"name": "FloatDistribution"}, "attributes", "is not an object"),
        (
            {"name": "FloatDistribution", "attributes": {"low": 2, "high": 1}},
            "attributes.high",
            "above the lower",
        ),
        (
            {"name": "FloatDistribution", "attributes": {"low": 1, "high": 2}},
            "count",
            "needs the number of values",
        ),
        ({"attributes": {"low": 1}}, "name", "no distribution of Optuna's"),
    ],
)
def test_what_a_grid_cannot_use_is_refused_at_its_path(spec: object, path: str, message: str) -> None:
    (fault,) = faults_of({"learning_rate": spec})
    assert fault.path == f"parameters.learning_rate.{path}"
    assert message in fault.message


@pytest.mark.parametrize(
    ("parameters", "path", "message"),
    [
        ({"learning_rat": 1}, "parameters.learning_rat", "did you mean 'learning_rate'"),
        ({"a b": 1}, 'parameters["a b"]', "there is no parameter 'a b'"),
        ({"lr": 0.1, "learning_rate": 0.2}, "parameters.learning_rate", "given twice, under two names"),
        ({"learning_rate": {}}, "parameters.learning_rate", "says nothing"),
        ({"optimizer": {"parameters": {"momentum": 0.9}}}, "parameters.optimizer", "cannot be nested"),
        ({"activation": {"min": 1, "max": 2}}, "parameters.activation", "list the values instead"),
        ({"momentum": 0.9}, "parameters.momentum", "used only when optimizer is momentum or nesterov"),
        ({"momentum": {"values": [0.8, 0.9]}, "optimizer": "adam"}, "parameters.momentum", "used only when"),
        (
            {"activation": "tanh", "hidden_layers": []},
            "parameters.activation",
            "used only when hidden_layers",
        ),
        ({"loss": "mse", "output_activation": "softmax"}, "parameters.output_activation", "does not go with"),
    ],
)
def test_parameters_that_cannot_stand_are_refused(
    parameters: dict[str, object], path: str, message: str
) -> None:
    (fault,) = faults_of(parameters)
    assert fault.path == path
    assert message in fault.message


def test_a_grid_that_is_not_whole_between_whole_ends_is_refused_at_its_count() -> None:
    (fault,) = faults_of({"epochs": {"distribution": "uniform", "min": 10, "max": 20, "count": 4}})
    assert fault.path == "parameters.epochs.count"
    assert "is not a whole number" in fault.message


def test_a_bare_list_of_values_says_how_to_write_it() -> None:
    (fault,) = faults_of({"learning_rate": [0.1, 0.2]})
    assert '{"values": [...]}' in str(fault.allowed)


def test_a_field_that_some_points_use_is_welcome() -> None:
    axes = space.axes({"optimizer": {"values": ["sgd", "momentum"]}, "momentum": 0.8})
    assert [axis.field for axis in axes] == ["optimizer", "momentum"]


def test_a_choice_is_refused_only_in_the_task_that_it_contradicts() -> None:
    assert space.axes({"loss": "cross_entropy"})
    assert space.axes({"loss": "cross_entropy"}, "classification")
    (fault,) = faults_of({"loss": "cross_entropy"}, "regression")
    assert fault.path == "parameters.loss"


def test_every_fault_of_every_parameter_is_told_at_once() -> None:
    faults = faults_of({"lr": {"values": [0, 0.1, -1]}, "epochs": 0, "momentum": 0.9, "optimizer": "smg"})
    assert [fault.path for fault in faults] == [
        "parameters.lr.values[0]",
        "parameters.lr.values[2]",
        "parameters.epochs",
        "parameters.optimizer",
    ]


def test_a_hostile_number_of_values_is_counted_and_not_made() -> None:
    axes = tuple(space.Axis(f"f{index}", tuple(range(1000))) for index in range(30))
    assert space.count(axes, 10) == 10**91


def test_the_schedule_of_range_tests_is_refused_beside_other_runs() -> None:
    with pytest.raises(InvalidSubmission) as refused:
        space.axes({"learning_rate_schedule": {"values": ["constant", "range_test"]}}, "classification")
    (fault,) = refused.value.faults
    assert fault.path == "parameters.learning_rate_schedule"
    assert "method of its own" in fault.message
