"""Runs are counted before they are made, numbered as promised, and never made twice."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidSubmission
from service.planning import space
from service.planning.expansion import PlannedRun, baseline_runs, expand
from service.planning.statuses import Role


def runs_of(parameters: dict[str, object], seeds: range | list[int] = range(1)) -> tuple[PlannedRun, ...]:
    return expand(space.axes(parameters, "classification"), seeds, "classification")


def test_the_last_parameter_is_fastest_and_seeds_are_innermost() -> None:
    runs = runs_of({"lr": {"values": [0.1, 0.2]}, "epochs": {"values": [5, 3]}}, [7, 4])
    assert [
        (run.number, run.configuration.learning_rate, run.configuration.epochs, run.seed) for run in runs
    ] == [
        (1, 0.1, 5, 7),
        (2, 0.1, 5, 4),
        (3, 0.1, 3, 7),
        (4, 0.1, 3, 4),
        (5, 0.2, 5, 7),
        (6, 0.2, 5, 4),
        (7, 0.2, 3, 7),
        (8, 0.2, 3, 4),
    ]
    assert {run.role for run in runs} == {Role.SEARCH}


@given(st.lists(st.integers(1, 4), min_size=0, max_size=3), st.integers(1, 3))
def test_a_grid_has_the_product_of_its_counts(counts: list[int], seeds: int) -> None:
    fields = ("learning_rate", "epochs", "batch_size")
    parameters = {name: {"values": list(range(1, n + 1))} for name, n in zip(fields, counts, strict=False)}
    runs = runs_of(dict(parameters), range(seeds))
    assert len(runs) == math.prod(counts) * seeds
    assert [run.number for run in runs] == list(range(1, len(runs) + 1))
    assert len({(run.configuration, run.seed) for run in runs}) == len(runs)


def test_a_field_that_a_point_does_not_use_makes_no_duplicate() -> None:
    runs = runs_of({"optimizer": {"values": ["sgd", "momentum"]}, "momentum": {"values": [0.5, 0.9]}})
    assert [(run.number, run.configuration.optimizer, run.configuration.momentum) for run in runs] == [
        (1, "sgd", None),
        (2, "momentum", 0.5),
        (3, "momentum", 0.9),
    ]


def test_a_default_that_is_also_written_out_makes_no_duplicate() -> None:
    assert len(runs_of({"learning_rate": {"values": [None, 0.1, 0.2]}})) == 2  # sgd's default rate is 0.1


def test_too_many_runs_are_refused_before_any_is_made() -> None:
    axes = tuple(space.Axis("learning_rate", tuple(range(1, 131)), "") for _ in range(2))
    many = (*axes, space.Axis("epochs", tuple(range(1, 78)), ""))
    with pytest.raises(InvalidSubmission, match="13,013,000 runs asked, at most 100,000") as caught:
        expand(many, range(10), "classification")
    assert caught.value.faults[0].path == "parameters"


def test_the_cap_counts_seeds_and_is_itself_allowed() -> None:
    axes = space.axes({"lr": {"values": [1, 2, 3]}})
    assert len(expand(axes, range(4), "classification", cap=12)) == 12
    with pytest.raises(InvalidSubmission, match="12 runs asked, at most 11"):
        expand(axes, range(4), "classification", cap=11)


def test_a_contradiction_is_told_once_and_under_its_path() -> None:
    axes = space.axes({"loss": {"values": ["mse", "cross_entropy"]}, "lr": {"values": [1, 2]}})
    with pytest.raises(InvalidSubmission) as caught:
        expand(axes, range(3), "regression")
    assert [fault.path for fault in caught.value.faults] == ["parameters.loss"]


def test_a_linear_network_stands_beside_each_other_setting() -> None:
    runs = runs_of({"lr": {"values": [0.1, 0.2]}, "hidden_layers": {"values": [[8], [8, 8]]}}, [3, 1])
    baselines = baseline_runs(runs, "classification")
    assert [(run.number, run.configuration.learning_rate, run.seed) for run in baselines] == [
        (9, 0.1, 3),
        (10, 0.1, 1),
        (11, 0.2, 3),
        (12, 0.2, 1),
    ]
    assert {run.role for run in baselines} == {Role.LINEAR}
    assert {(run.configuration.hidden_layers, run.configuration.activation) for run in baselines} == {
        ((), None)
    }
    assert {run.configuration.epochs for run in baselines} == {30}


def test_a_linear_network_of_the_search_is_its_own_baseline() -> None:
    runs = runs_of({"hidden_layers": {"values": [[], [8]]}})
    assert baseline_runs(runs, "classification") == ()


def test_a_grid_of_a_nonillion_cells_is_counted_and_not_made() -> None:
    thousand = {"distribution": "uniform", "min": 0.1, "max": 0.9, "count": 100_000}
    fields = ("learning_rate", "momentum", "dropout", "l1", "l2", "weight_decay")
    axes = space.axes(dict.fromkeys(fields, thousand) | {"optimizer": "momentum"}, "classification")
    with pytest.raises(InvalidSubmission) as refused:
        expand(axes, [0], "classification")
    assert refused.value.faults[0].message == f"{10**30:,} runs asked, at most 100,000"
