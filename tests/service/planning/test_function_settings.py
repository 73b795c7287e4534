"""A submission may name a function in place of a dataset, and is then held to what a function has."""

from __future__ import annotations

from typing import Any

import pytest

from core.function_configuration import FUNCTION_FIELDS
from service.errors import Fault, InvalidSubmission
from service.planning.submission import parse

CUBIC: dict[str, Any] = {"expression": "x**3 + 3*x**2", "start": {"x": -1.9}}


def faults_of(**changes: object) -> tuple[Fault, ...]:
    with pytest.raises(InvalidSubmission) as caught:
        parse({"function": CUBIC, **changes})
    return caught.value.faults


def fault_of(**changes: object) -> Fault:
    (fault,) = faults_of(**changes)
    return fault


def test_the_function_of_the_design_is_accepted() -> None:
    submission = parse({"function": CUBIC, "parameters": {"learning_rate": {"values": [0.1, 0.2]}}})
    assert submission.dataset is None
    assert submission.function is not None
    assert submission.function.function().start(0) == (-1.9,)
    assert (submission.metric.name, submission.metric.direction) == ("train_loss", "minimize")
    assert submission.seed_list == (0,)
    assert submission.name == "x**3 + 3*x**2 learning_rate"


@pytest.mark.parametrize("asked", [True, False])
def test_baselines_may_be_asked_for_or_not(asked: bool) -> None:
    assert parse({"function": CUBIC, "baselines": asked}).function is not None
    assert fault_of(baselines="yes").path == "baselines"


@pytest.mark.parametrize("seeds", [1, [7]])
def test_one_seed_is_accepted(seeds: object) -> None:
    assert len(parse({"function": CUBIC, "seeds": seeds}).seed_list) == 1


@pytest.mark.parametrize("seeds", [2, 10, [0, 1]])
def test_more_seeds_would_be_the_same_run_again(seeds: object) -> None:
    fault = fault_of(seeds=seeds)
    assert fault.path == "seeds"
    assert "nothing of a function is random" in fault.message
    assert fault.allowed == "1, or a list with one seed"


def test_a_sweep_is_over_one_of_the_two() -> None:
    assert fault_of(dataset="digits").message == "a sweep is over a dataset or a function, not over both"
    for neither in ({}, {"dataset": None}, {"function": None}):
        with pytest.raises(InvalidSubmission) as caught:
            parse(neither)
        (fault,) = caught.value.faults
        assert (fault.path, fault.message) == ("dataset", "is missing, and so is a function to minimise")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("target", "class"),
        ("features", ["a"]),
        ("task", "regression"),
        ("split", {"train": 0.5}),
        ("scale", "minmax"),
    ],
)
def test_what_belongs_to_a_dataset_is_refused(name: str, value: object) -> None:
    fault = fault_of(**{name: value})
    assert (fault.path, fault.allowed) == (name, "nothing here")
    assert fault.message == f"{name} belongs to a dataset, and this sweep minimises a function"


@pytest.mark.parametrize(
    "metric", ["validation_loss", "val_loss", "train_accuracy", "test_loss", "validation_r2", "test_rmse"]
)
def test_a_function_is_compared_by_its_value_alone(metric: str) -> None:
    fault = fault_of(metric={"name": metric})
    assert (fault.path, fault.value, fault.allowed) == ("metric.name", metric, "train_loss")


@pytest.mark.parametrize("metric", [None, 0, "train_loss", []])
def test_a_metric_is_an_object(metric: object) -> None:
    fault = fault_of(metric=metric)
    assert (fault.path, fault.message) == ("metric", "is not an object")


def test_the_value_is_minimised() -> None:
    assert parse({"function": CUBIC, "metric": {"goal": "minimize"}}).metric.name == "train_loss"
    assert "is to be minimized" in fault_of(metric={"goal": "maximize"}).message


@pytest.mark.parametrize("which", ["best", "both"])
def test_no_epoch_of_a_function_is_its_best(which: str) -> None:
    fault = fault_of(keep_weights=which)
    assert (fault.path, fault.allowed) == ("keep_weights", "final, none")


@pytest.mark.parametrize("which", ["final", "none"])
def test_the_final_variables_are_kept_or_nothing(which: str) -> None:
    assert parse({"function": CUBIC, "keep_weights": which}).keep_weights == which


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"expression": "x**2 +"}, "function.expression", "at character 7"),
        ({"expression": "x^2"}, "function.expression", "at character 2"),
        ({"expression": "sinn(x)"}, "function.expression", "at character 1"),
        ({"expression": "__import__('os')"}, "function.expression", "at character"),
        ({"start": {"x": "1"}}, "function.start.x", "is not a number"),
        ({"start": {"x": [1, 2]}}, "function.start.x", "is not a number"),
        ({"start": {"x": True}}, "function.start.x", "is not a number"),
        ({"start": {"x": 1e200}}, "function.start.x", "not a start"),
        ({"start": 3}, "function.start", "is not an object"),
        ({"tolerance": 0}, "function.tolerance", "is too small"),
        ({"tolerance": "small"}, "function.tolerance", "is not a number"),
        ({"expresion": "x"}, "function.expresion", "did you mean 'expression'"),
        ({"expression": "x + " * 1_000 + "x"}, "function.expression", "is too long"),
    ],
)
def test_a_fault_of_the_function_has_its_path(changes: dict[str, Any], path: str, message: str) -> None:
    fault = fault_of(function={**CUBIC, **changes})
    assert fault.path == path
    assert message in fault.message
    assert fault.allowed


def test_every_variable_has_a_start_and_every_start_a_variable() -> None:
    faults = faults_of(function={"expression": "x*y", "start": {"x": 1, "z": 2, "a b": 3}})
    assert [fault.path for fault in faults] == [
        "function.start.y",
        "function.start.z",
        'function.start["a b"]',
    ]
    assert faults[1].allowed == "x, y"


@pytest.mark.parametrize("function", ["x**2", 3, [], {"expression": "x"}, {"start": {"x": 1}}])
def test_what_is_no_function_is_told_as_such(function: object) -> None:
    assert all(fault.path.startswith("function") for fault in faults_of(function=function))


def test_a_field_of_networks_is_told_apart_from_an_unknown_one() -> None:
    faults = faults_of(parameters={"hidden_layers": [8], "learning_rat": 0.1, "dtype": "float64", "lr": 0.1})
    assert [fault.path for fault in faults] == [
        "parameters.hidden_layers",
        "parameters.learning_rat",
        "parameters.dtype",
    ]
    assert faults[0].message == "hidden_layers is for networks: a descent on a function does not use it"
    assert faults[1].message == "there is no parameter 'learning_rat'; did you mean 'learning_rate'?"
    assert all(fault.allowed == ", ".join(FUNCTION_FIELDS) for fault in faults)


def test_a_field_that_no_choice_uses_is_refused() -> None:
    fault = fault_of(parameters={"momentum": 0.9})
    assert fault.path == "parameters.momentum"
    assert "is used only when" in fault.message


def test_all_faults_come_at_once() -> None:
    faults = faults_of(
        dataset="digits",
        seeds=5,
        scale="none",
        function={"expression": "x +", "start": {"x": 1}},
        parameters={"dropout": 0.5},
        tags=3,
    )
    assert {fault.path for fault in faults} == {
        "dataset",
        "seeds",
        "scale",
        "function.expression",
        "parameters.dropout",
        "tags",
    }
