"""Schedules and clipping of a descent on a function, and how often its derivative turns around."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from core.arrays import Float64Array
from core.descent import FunctionEnding, train_function, trajectory
from core.expressions.grammar import parse
from core.function_configuration import resolve_for_function
from core.function_population import FunctionMember, FunctionPopulation
from core.functions import Function
from core.reports import Directive, EpochReport

CUBIC = "x**3 + 3*x**2"
ROSENBROCK = Function.of("(1 - x)**2 + 5*(y - x**2)**2", {"x": [-0.5, 0.2, 1.5], "y": 0.3})


def ending_of(population: FunctionPopulation) -> FunctionEnding:
    """The ending of the only member."""
    found: list[EpochReport] = []
    train_function(population, on_epoch=found.append)
    (ending,) = found[-1].endings
    assert isinstance(ending, FunctionEnding)
    return ending


def end_of(expression: str, start: float, rate: float, epochs: int = 30) -> FunctionEnding:
    member = FunctionMember(resolve_for_function({"learning_rate": rate, "epochs": epochs}), 0)
    return ending_of(FunctionPopulation.start([member], Function.of(expression, {"x": start})))


def path_of(rate: float, start: float, steps: int) -> Float64Array:
    return trajectory(parse(CUBIC), {"x": start}, np.array([rate]), steps)[0, :, 0]


def turns_of(rate: float, start: float = -1.9, epochs: int = 100) -> int:
    return end_of(CUBIC, start, rate, epochs).turns


@pytest.mark.parametrize("rate", [0.04, 0.1, 0.166])
def test_below_a_sixth_the_derivative_never_turns_around(rate: float) -> None:
    assert turns_of(rate) == 0


@pytest.mark.parametrize("rate", [0.17, 0.25, 0.33, 0.38, 0.45])
def test_above_a_sixth_it_turns_as_often_as_the_variable_changes_sides(rate: float) -> None:
    # Between -2 and 0 the derivative 3x(x + 2) is below 0, beyond 0 above it.
    path = path_of(rate, -1.9, 100)
    assert turns_of(rate) == sum(one * other < 0 for one, other in pairwise(path)) > 40


def test_a_run_tells_how_often_its_derivative_turned_around() -> None:
    assert end_of(CUBIC, -1.9, 0.04).reason.endswith("; the derivative never turned around")
    assert end_of("x**2", 1.0, 0.75, 30).reason.endswith("; the derivative turned around at 30 of 30 steps")


def test_a_schedule_sets_the_rate_of_every_step() -> None:
    # Halved at every epoch from the second on: x <- x (1 - 2 rate), with rates 0.4, 0.2 and 0.1.
    halving = {"learning_rate": 0.4, "learning_rate_schedule": "exponential", "gamma": 0.5, "epochs": 3}
    function = Function.of("x**2", {"x": 1})
    rates: list[float] = []
    population = FunctionPopulation.start([FunctionMember(resolve_for_function(halving), 0)], function)

    def on_epoch(report: EpochReport) -> None:
        rates.append(float(report.learning_rate[0]))
        if report.endings:
            assert report.endings[0].parameters["x"] == pytest.approx(0.2 * 0.6 * 0.8, rel=1e-14)

    train_function(population, on_epoch=on_epoch)
    assert rates == pytest.approx([0.4, 0.2, 0.1], rel=1e-15)


def test_clipping_keeps_a_run_that_would_escape() -> None:
    # From 1 at 0.45 the cubic escapes; with derivatives cut to 1 no step is longer than 0.45.
    clipped = resolve_for_function({"learning_rate": 0.45, "gradient_clip": 1.0, "epochs": 4})
    ending = ending_of(FunctionPopulation.start([FunctionMember(clipped, 0)], Function.of(CUBIC, {"x": 1})))
    x = 1.0
    for _ in range(4):
        slope = 3 * x * x + 6 * x
        x -= 0.45 * slope / max(1.0, abs(slope))
    assert ending.state == "completed"
    assert ending.parameters["x"] == pytest.approx(x, rel=1e-12)


def test_runs_with_and_without_clipping_train_apart() -> None:
    plain, clipped = (
        FunctionMember(resolve_for_function({"gradient_clip": clip}), 0) for clip in (None, 1.0)
    )
    other = FunctionMember(resolve_for_function({"gradient_clip": 2.0, "learning_rate": 0.3}), 0)
    assert plain.shape_key() != clipped.shape_key() == other.shape_key()


def bits(report: EpochReport, member: int) -> tuple[bytes, ...]:
    """What a report says of one member."""
    row = report.members.tolist().index(member)
    series = (report.train_loss, report.gradient_norm, report.update_ratio)
    return tuple(each[row].tobytes() for each in series) + tuple(
        ending.weights_sha256.encode() + ending.reason.encode()
        for ending in report.endings
        if ending.member == member
    )


def recorded(population: FunctionPopulation, count: int) -> list[list[tuple[bytes, ...]]]:
    """Every member's bits, epoch by epoch."""
    found: list[list[tuple[bytes, ...]]] = [[] for _ in range(count)]

    def on_epoch(report: EpochReport) -> None:
        for member in report.members.tolist():
            found[member].append(bits(report, member))

    train_function(population, on_epoch=on_epoch)
    return found


SETTINGS: list[dict[str, object]] = [
    {"gradient_clip": 0.5},
    {"learning_rate_schedule": "cosine"},
    {"learning_rate_schedule": "one_cycle", "optimizer": "momentum"},
    {"warmup_epochs": 3, "optimizer": "adam"},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_schedules_and_clipping_keep_a_runs_bits_alone_among_others_and_resumed(
    settings: dict[str, object],
) -> None:
    runs = [
        FunctionMember(resolve_for_function({**settings, "learning_rate": rate, "epochs": 9}), seed)
        for seed, rate in enumerate([0.003, 0.01, 0.05])
    ]
    whole = recorded(FunctionPopulation.start(runs, ROSENBROCK), 3)
    for member, run in enumerate(runs):
        assert recorded(FunctionPopulation.start([run], ROSENBROCK), 1) == [whole[member]]
    interrupted = FunctionPopulation.start(runs, ROSENBROCK)
    train_function(interrupted, on_epoch=lambda report: Directive(stop=report.epoch == 4))
    saved = [interrupted.checkpoint(member) for member in range(3)]
    rest = recorded(FunctionPopulation.resume(runs, ROSENBROCK, saved), 3)
    assert rest == [run[4:] for run in whole]
