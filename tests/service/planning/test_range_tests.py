"""A range test says its rates by their ends, and refuses what means nothing in it."""

from __future__ import annotations

from typing import Any

import pytest

from service.errors import Fault, InvalidSubmission
from service.planning import space
from service.planning.expansion import expand
from service.planning.submission import parse


def values(parameters: dict[str, Any]) -> dict[str, object]:
    return {axis.field: axis.values for axis in space.axes(parameters, "classification", "range_test")}


def test_the_rates_are_those_of_the_rule_unless_told_otherwise() -> None:
    assert values({}) == {
        "learning_rate": (10.0,),
        "learning_rate_schedule": ("range_test",),
        "div_factor": (pytest.approx(1e7),),
        "epochs": (1000,),
    }
    found = values({"lr": {"min": 1e-3, "max": 1, "count": 300}, "hidden_layers": {"values": [[], [4]]}})
    assert (found["learning_rate"], found["epochs"]) == ((1.0,), (300,))
    assert found["div_factor"] == (pytest.approx(1000),)
    assert found["hidden_layers"] == ((), (4,))


def test_what_a_comparison_has_is_ignored_and_told() -> None:
    found = parse(
        {"dataset": "digits", "method": "range_test", "metric": {"name": "val_loss"}, "baselines": True}
    )
    assert (found.metric.name, found.baselines, found.keep_weights) == ("train_loss", False, "none")
    assert [warning.split()[0] for warning in found.warnings] == ["metric", "baselines"]


def fault(**changes: Any) -> Fault:
    with pytest.raises(InvalidSubmission) as refused:
        parse({"dataset": "digits", "method": "range_test", **changes})
    return refused.value.faults[0]


@pytest.mark.parametrize(
    ("parameters", "path", "message"),
    [
        ({"epochs": 5}, "parameters.epochs", "one step for each rate"),
        ({"learning_rate_schedule": "cosine"}, "parameters.learning_rate_schedule", "its own schedule"),
        ({"warmup_epochs": 1}, "parameters.warmup_epochs", "its own schedule"),
        ({"lr": 0.1}, "parameters.lr", "the ends of a range"),
        ({"lr": {"values": [0.1, 1]}}, "parameters.lr.values", "does not belong"),
        ({"lr": {"min": 1, "max": 0.1}}, "parameters.lr.max", "does not go with min"),
        ({"lr": {"min": 1e-300}}, "parameters.lr.max", "does not go with min"),
        ({"lr": {"min": -1}}, "parameters.lr.min", "out of range"),
        ({"lr": {"min": "x"}}, "parameters.lr.min", "is not a number"),
        ({"lr": {"count": 99}}, "parameters.lr.count", "no number of steps"),
        ({"lr": {"count": 1e3}}, "parameters.lr.count", "no number of steps"),
        ({"lr": {"distribution": "uniform"}}, "parameters.lr.distribution", "equal ratios"),
        ({"lr": {}, "learning_rate": {}}, "parameters.lr", "given twice"),
        ({"optimizer": {"values": ["sgd", "rprop"]}}, "parameters.optimizer", "no learning rate"),
        ({"epoch": 3}, "parameters.epoch", "did you mean 'epochs'"),
    ],
)
def test_what_does_not_fit_is_refused(parameters: dict[str, Any], path: str, message: str) -> None:
    found = fault(parameters=parameters)
    assert found.path == path
    assert message in found.message


def test_early_stopping_is_refused_when_the_runs_are_planned() -> None:
    axes = space.axes({"patience": 3}, "classification", "range_test")
    with pytest.raises(InvalidSubmission, match="patience means nothing in a range test"):
        expand(axes, [0], "classification")


def test_weights_and_functions_are_refused() -> None:
    assert fault(keep_weights="final").path == "keep_weights"
    function = {"expression": "x**2", "start": {"x": 1}}
    assert "a function has none" in fault(dataset=None, function=function).message
