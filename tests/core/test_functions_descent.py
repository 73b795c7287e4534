"""Descent on functions: the article's numbers, the logistic map behind its cubic, and exactness."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest

from core.arrays import Float64Array
from core.configuration import Configuration
from core.descent import FunctionEnding, train_function, trajectory
from core.errors import CoreError, DataError, ShapeError
from core.expressions.grammar import parse
from core.fields import OPTIMIZERS
from core.function_configuration import resolve_for_function
from core.function_population import FunctionMember, FunctionPopulation, variables_sha256
from core.functions import Function
from core.reports import Directive, EpochReport

CUBIC = "x**3 + 3*x**2"
ROSENBROCK = Function.of(
    "(1 - x)**2 + 5*(y - x**2)**2 + 0.1*sin(3*x)*exp(-y**2)", {"x": [-0.5, 0.2, 1.5], "y": 0.3}
)


def configuration(rate: float, epochs: int = 30, optimizer: str = "sgd") -> Configuration:
    return resolve_for_function({"optimizer": optimizer, "learning_rate": rate, "epochs": epochs})


def members(rates: Sequence[float], epochs: int = 30, optimizer: str = "sgd") -> list[FunctionMember]:
    return [FunctionMember(configuration(rate, epochs, optimizer), seed) for seed, rate in enumerate(rates)]


def endings_of(population: FunctionPopulation) -> list[FunctionEnding]:
    """Endings by member, once all have ended."""
    found: list[FunctionEnding] = []

    def on_epoch(report: EpochReport) -> None:
        for ending in report.endings:
            assert isinstance(ending, FunctionEnding)
            found.append(ending)

    train_function(population, on_epoch=on_epoch)
    return sorted(found, key=lambda ending: ending.member)


def end_of(expression: str, start: float, rate: float, epochs: int = 30) -> FunctionEnding:
    function = Function.of(expression, {"x": start})
    (ending,) = endings_of(FunctionPopulation.start(members([rate], epochs), function))
    return ending


def path_of(rate: float, start: float, steps: int, expression: str = CUBIC) -> Float64Array:
    return trajectory(parse(expression), {"x": start}, np.array([rate]), steps)[0, :, 0]


def test_the_article_descends_a_parabola() -> None:
    np.testing.assert_allclose(path_of(0.3, 1.0, 3, "x**2"), [1.0, 0.4, 0.16, 0.064], rtol=1e-15)


@pytest.mark.parametrize("rate", [0.04, 0.1, 0.166])
def test_below_a_sixth_the_cubics_minimum_is_reached_from_one_side(rate: float) -> None:
    path = path_of(rate, -1.9, 40)
    assert (path < 0).all()
    assert (np.diff(path) > 0).all()


def test_a_small_rate_is_slow() -> None:
    assert path_of(0.04, 0.5, 30)[-1] > 1e4 * path_of(0.15, 0.5, 30)[-1]
    assert end_of(CUBIC, 0.5, 0.04).reason.startswith("not converged: the derivative's size is 0.000")
    assert end_of(CUBIC, 0.5, 0.04, epochs=100).converged


@pytest.mark.parametrize("rate", [0.2, 0.25, 0.32])
def test_up_to_a_third_it_bounces_from_side_to_side_and_calms_down(rate: float) -> None:
    path = path_of(rate, 0.5, 60)[5:]
    assert all(one * other < 0 for one, other in pairwise(path) if abs(one) > 1e-12)
    assert abs(path[-1]) < 0.2 * abs(path[0])


def test_at_038_it_ends_in_a_cycle_of_two() -> None:
    path = path_of(0.38, 0.5, 500)
    np.testing.assert_allclose(path[-2:], path[-4:-2], rtol=1e-9)
    assert abs(path[-1] - path[-2]) > 0.1
    assert end_of(CUBIC, 0.5, 0.38, epochs=500).reason.startswith("not converged")


@pytest.mark.parametrize("start", [-1.9, 0.5])
def test_at_045_it_is_bounded_chaos(start: float) -> None:
    path = path_of(0.45, start, 2000)
    assert path.min() >= -2.0
    assert path.max() <= 1 / (3 * 0.45)
    assert np.unique(path.round(6)).size > 1500  # it comes back to no place
    neighbour = path_of(0.45, start + 1e-10, 2000)
    assert np.abs(path - neighbour)[:10].max() < 1e-6
    assert np.abs(path - neighbour).max() > 0.5


@pytest.mark.parametrize("rate", [0.1, 0.3, 0.38, 0.45, 0.5])
def test_the_cubics_descent_is_the_logistic_map(rate: float) -> None:
    r, u = 1 + 6 * rate, 0.3
    scale = r / (3 * rate)  # x = scale * u - 2
    path = path_of(rate, scale * u - 2, 15)
    for x in path:
        assert x == pytest.approx(scale * u - 2, abs=1e-8)
        u = r * u * (1 - u)


def test_from_1_at_045_it_escapes() -> None:
    np.testing.assert_allclose(path_of(0.45, 1.0, 3), [1.0, -3.05, -7.37, -60.9], rtol=1e-3)
    ending = end_of(CUBIC, 1.0, 0.45)
    assert (ending.state, ending.step, ending.converged) == ("diverged", 1, False)
    assert ending.reason == f"the value was -9.51803e+182, beyond 1e+100, at epoch {ending.epoch}"
    assert ending.epoch == 9
    assert math.isfinite(ending.parameters["x"])


def test_started_left_of_the_maximum_it_runs_off() -> None:
    assert end_of(CUBIC, -2.1, 0.04, epochs=100).state == "diverged"


def test_at_a_third_from_1_it_lands_on_the_maximum_and_is_told_apart_from_a_minimum() -> None:
    ending = end_of(CUBIC, 1.0, 1 / 3)
    assert ending.parameters["x"] == -2.0
    assert ending.state == "completed"
    assert ending.judgement is not None
    assert ending.judgement.standing == "stationary"
    assert not ending.converged
    assert ending.reason.startswith("stationary, but at no minimum: the derivative's size is 0,")


def test_a_function_without_a_bottom_is_never_converged() -> None:
    assert end_of("x", 0.0, 1.0, epochs=100).reason.startswith("not converged: the derivative's size is 1,")


@pytest.mark.parametrize(
    ("expression", "start", "rate", "reason", "step"),
    [
        ("log(x)", -1.0, 0.1, "the value was nan, beyond 1e+100, at epoch 1", 1),
        ("sqrt(x)", 0.0, 0.1, "the derivative was not finite at epoch 1", None),
        ("1e90*x**4", 1e2, 1e6, "a variable was not finite, or beyond 1e+100, after epoch 1", None),
        (
            "x**3",
            1e30,
            1e-5,
            "the value or its derivative was not finite, or beyond 1e+100, after epoch 1",
            None,
        ),
    ],
)
def test_a_run_that_leaves_the_numbers_says_where_and_keeps_the_last_good_point(
    expression: str, start: float, rate: float, reason: str, step: int | None
) -> None:
    ending = end_of(expression, start, rate, epochs=1)
    assert (ending.state, ending.reason, ending.step) == ("diverged", reason, step)
    assert ending.parameters["x"] == start
    assert not ending.converged


def test_one_epoch_is_one_step_and_its_loss_is_the_value_before_it() -> None:
    reports: list[EpochReport] = []
    population = FunctionPopulation.start(members([0.3], 3), Function.of("x**2", {"x": 1}))
    train_function(population, on_epoch=reports.append)
    assert [report.epoch for report in reports] == [1, 2, 3]
    np.testing.assert_allclose([report.train_loss[0] for report in reports], [1.0, 0.16, 0.0256], rtol=1e-14)
    np.testing.assert_allclose([report.gradient_norm[0] for report in reports], [2.0, 0.8, 0.32], rtol=1e-14)
    np.testing.assert_allclose([report.update_ratio[0] for report in reports], [0.6 / 0.4] * 3, rtol=1e-14)
    for report in reports:
        assert np.isnan([report.train_score, report.validation_loss, report.validation_score]).all()
    (ending,) = reports[-1].endings
    assert ending.parameters["x"].shape == ()
    assert ending.parameters["x"] == pytest.approx(0.064)
    assert ending.weights_sha256 == variables_sha256(ending.parameters)


def test_a_run_that_stays_where_it_is_changes_by_nothing() -> None:
    reports: list[EpochReport] = []
    population = FunctionPopulation.start(members([0.5], 2), Function.of("x**2", {"x": 1}))
    train_function(population, on_epoch=reports.append)
    assert [report.update_ratio.tolist() for report in reports] == [[math.inf], [0.0]]


def test_the_hash_of_variables_does_not_depend_on_their_order() -> None:
    x, y = np.array(1.0), np.array(-0.5)
    assert variables_sha256({"x": x, "y": y}) == variables_sha256({"y": y, "x": x})
    assert variables_sha256({"x": x, "y": y}) != variables_sha256({"x": y, "y": x})


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


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("size", [5, 64])
def test_a_run_has_the_same_bits_alone_and_among_others(size: int, optimizer: str) -> None:
    rates = np.geomspace(1e-3, 3.0, size).tolist()  # the largest diverge, and leave the others
    runs = members(rates, 12, optimizer)
    together = recorded(FunctionPopulation.start(runs, ROSENBROCK), size)
    for member, run in enumerate(runs):
        (alone,) = recorded(FunctionPopulation.start([run], ROSENBROCK), 1)
        assert alone == together[member]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("epoch", range(1, 8))
def test_a_run_resumed_after_any_epoch_has_the_bits_of_one_that_was_not_interrupted(
    epoch: int, optimizer: str
) -> None:
    runs = members([0.003, 0.01, 0.02], 8, optimizer)
    whole = recorded(FunctionPopulation.start(runs, ROSENBROCK), 3)
    interrupted = FunctionPopulation.start(runs, ROSENBROCK)
    train_function(interrupted, on_epoch=lambda report: Directive(stop=report.epoch == epoch))
    saved = [interrupted.checkpoint(member) for member in range(3)]
    resumed = FunctionPopulation.resume(runs[1:], ROSENBROCK, saved[1:])
    assert resumed.epoch == epoch
    rest = recorded(resumed, 2)
    assert rest == [run[epoch:] for run in whole[1:]]


def test_a_trajectory_has_the_bits_of_a_run() -> None:
    rates = [0.01, 0.02, 0.05]
    path = trajectory(ROSENBROCK.expression, {"x": np.array([-0.5, 0.2, 1.5]), "y": 0.3}, np.array(rates), 9)
    population = FunctionPopulation.start(members(rates, 10), ROSENBROCK)

    def on_epoch(report: EpochReport) -> Directive:
        assert population.weights.tobytes() == path[:, report.epoch].tobytes()
        return Directive(stop=report.epoch == 9)

    train_function(population, on_epoch=on_epoch)
    assert population.epoch == 9


def test_four_thousand_rates_are_followed_in_well_under_two_seconds() -> None:
    started = time.process_time()
    path = trajectory(parse(CUBIC), {"x": 0.5}, np.linspace(0.001, 0.5, 4000), 500)
    assert time.process_time() - started < 2.0
    assert path.shape == (4000, 501, 1)
    assert np.isfinite(path).all()


def test_a_callback_may_drop_single_runs_and_ask_for_their_parameters() -> None:
    population = FunctionPopulation.start(members([0.1, 0.2, 0.3], 5), Function.of("x**2", {"x": 1}))
    seen: list[list[int]] = []

    def on_epoch(report: EpochReport) -> Directive:
        seen.append(report.members.tolist())
        assert report.epoch > 1 or population.parameters(2)["x"] == pytest.approx(0.4)
        return Directive(drop=(0,) if report.epoch == 2 else ())

    train_function(population, on_epoch=on_epoch)
    assert seen == [[0, 1, 2], [0, 1, 2], [1, 2], [1, 2], [1, 2]]
    with pytest.raises(CoreError, match="member 0 is not running"):
        population.parameters(0)
    with pytest.raises(CoreError, match="member 0 is not running"):
        population.checkpoint(0)


def test_asked_to_stop_it_stands_at_the_end_of_the_last_finished_epoch() -> None:
    answers: Iterator[bool] = iter([False, False, True])
    population = FunctionPopulation.start(members([0.3]), Function.of("x**2", {"x": 1}))
    train_function(population, on_epoch=lambda _: None, should_stop=lambda: next(answers))
    assert population.epoch == 2
    assert population.parameters(0)["x"] == pytest.approx(0.16)


def test_members_of_one_population_have_one_optimizer_and_number_of_epochs() -> None:
    function = Function.of("x**2", {"x": 1})
    mixed = [*members([0.1]), *members([0.1], optimizer="adam")]
    with pytest.raises(ShapeError, match="2 different shapes"):
        FunctionPopulation.start(mixed, function)
    with pytest.raises(ShapeError, match="at least one member"):
        FunctionPopulation.start([], function)


def test_a_checkpoint_is_refused_where_it_is_not_the_members() -> None:
    function = Function.of("x**2", {"x": 1})
    runs = members([0.1, 0.2])
    population = FunctionPopulation.start(runs, function)
    saved = [population.checkpoint(member) for member in (0, 1)]
    with pytest.raises(DataError, match="configuration"):
        FunctionPopulation.resume(runs, function, saved[::-1])
    with pytest.raises(DataError, match="function"):
        FunctionPopulation.resume(runs, Function.of("x**2", {"x": 2}), saved)
    with pytest.raises(DataError, match="SHA-256"):
        FunctionPopulation.resume(runs, function, [saved[0], saved[1][:-1] + b"!"])
    with pytest.raises(ShapeError, match="1 checkpoints for 2 members"):
        FunctionPopulation.resume(runs, function, saved[:1])
    train_function(population, on_epoch=lambda _: Directive(stop=True))
    with pytest.raises(ShapeError, match=r"epochs \[0, 1\]"):
        FunctionPopulation.resume(runs, function, [saved[0], population.checkpoint(1)])
