"""A range test takes one step an epoch, stops where the loss is lost, and suggests by the rule it states."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from core.configuration import resolve
from core.early_stopping import Watch
from core.errors import ConfigurationError, ShapeError
from core.examples import Examples
from core.members import Member
from core.range_test import Course, Screening, observe
from core.training import Population

MakeMember = Callable[..., Member]
Learn = Callable[..., Any]  # conftest's History, which importlib mode leaves without a name to import
TEST = {"learning_rate_schedule": "range_test", "learning_rate": 100.0, "div_factor": 1e8, "epochs": 80}


def screen(course: Course, losses: Sequence[float]) -> tuple[Screening, str | None]:
    state, over = Screening(), None
    for loss in losses:
        state, over = observe(course, state, loss)
        if over:
            break
    return state, over


def smoothed(losses: Sequence[float]) -> np.ndarray:
    """fastai's: an average that forgets with 0.98, corrected for its start at 0, by its closed form."""
    found = []
    for step in range(1, len(losses) + 1):
        weights = 0.98 ** np.arange(step - 1, -1, -1.0)
        found.append(float(np.dot(weights, losses[:step]) / weights.sum()))
    return np.array(found)


def test_the_suggestion_is_from_the_steepest_descent_to_a_tenth_of_the_rate_at_the_minimum() -> None:
    course = Course(1e-6, 10.0, 400)
    rates = np.geomspace(1e-6, 10.0, 400)
    losses = (2.3 / (1.0 + (rates / 3e-3) ** 1.5) + 0.1 + (rates / 2.0) ** 4).tolist()
    curve = smoothed(losses)
    state, over = screen(course, losses)
    end = next(step for step in range(41, 401) if curve[step - 1] > 4 * curve[:step].min())
    assert over is not None
    assert f"at step {end}, " in over
    assert state.steps == end
    lowest = int(curve[:end].argmin())
    falls = {last: curve[last - 20] - curve[last] for last in range(51, lowest + 1)}
    steepest = max(falls, key=lambda last: falls[last])
    found = state.screened(course)
    assert found.minimum == pytest.approx(rates[lowest], rel=1e-9)
    assert found.lowest == pytest.approx(curve[lowest], rel=1e-12)
    assert found.steepest == pytest.approx(rates[steepest - 10], rel=1e-9)
    assert found.suggestion == pytest.approx(sorted((rates[steepest - 10], rates[lowest] / 10)), rel=1e-9)


def test_a_loss_that_never_falls_suggests_nothing() -> None:
    course = Course(1e-6, 10.0, 100)
    state, over = screen(course, [1.0] * 100)
    assert over is None
    assert state.screened(course).suggestion is None


def test_the_first_tenth_concludes_nothing_from_its_noise() -> None:
    course = Course(1e-6, 10.0, 200)
    losses = [0.1, 3.0, 3.0, *[3.0] * 17, *np.linspace(3.0, 1.0, 100).tolist()]
    state, over = screen(course, losses[:20])
    assert over is None
    assert state.fall == 0.0
    assert "above 4 times its minimum" in str(screen(course, losses)[1])


@pytest.mark.parametrize("lost", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_ends_the_test(lost: float) -> None:
    state, over = screen(Course(1e-6, 10.0, 100), [1.0, 0.9, lost])
    assert over is not None
    assert str(lost) in over
    assert state.steps == 3
    assert state.lowest == pytest.approx(smoothed([1.0, 0.9])[1])


def test_an_epoch_is_one_step_and_a_pass_over_the_rows_takes_several(
    classes: Examples, member: MakeMember, learn: Learn
) -> None:
    """At rates that move nothing, the losses of a pass are those of its batches, each seen once."""
    tested = member(classes, **{**TEST, "learning_rate": 1e-9, "div_factor": 10.0, "epochs": 10})
    once = member(classes, epochs=1, learning_rate=1e-12)
    history, whole = learn([tested], classes), learn([once], classes)
    losses = [loss for loss, *_ in history.curves[0]]
    sizes = np.array([16, 16, 16, 16, 6])
    assert len(losses) == 10
    assert np.dot(losses[:5], sizes) / 70 == pytest.approx(whole.curves[0][0][0], rel=1e-5)
    assert np.dot(losses[5:], sizes) / 70 == pytest.approx(whole.curves[0][0][0], rel=1e-5)
    assert losses[5:] != pytest.approx(losses[:5], rel=1e-4)  # shuffled anew
    assert not any(report.validated for report in history.reports)
    assert [report.learning_rate[0] for report in history.reports] == pytest.approx(
        np.geomspace(1e-10, 1e-9, 10)
    )


def test_a_range_test_completes_where_other_runs_diverge(
    classes: Examples, member: MakeMember, learn: Learn
) -> None:
    history = learn([member(classes, **TEST), member(classes, seed=1, **TEST)], classes)
    for ending in history.endings.values():
        assert ending.state == "completed"
        assert "times its minimum" in ending.reason
        assert ending.epoch < 80
        assert ending.screened.steps == ending.epoch
        assert all(np.isfinite(tensor).all() for tensor in ending.parameters.values())
        assert 1e-6 < ending.screened.minimum < 100.0


@pytest.mark.parametrize("values", [{}, {"dropout": 0.3}, {"optimizer": "adam"}, {"batch_size": "full"}])
def test_a_range_tests_bits_are_its_own_alone_together_and_resumed(
    values: dict[str, object], classes: Examples, member: MakeMember, learn: Learn
) -> None:
    members = [member(classes, seed=seed, **{**TEST, **values}) for seed in (0, 1, 1)]
    together = learn(members, classes, checkpoints=True)
    alone = learn([members[1]], classes)
    assert alone.bits(0) == together.bits(1) == together.bits(2)
    resumed = learn(Population.resume(members[1:2], classes, [together.checkpoints[1, 13]]), classes)
    assert resumed.bits(0)[-1] == together.bits(1)[-1][13:]
    assert resumed.bits(0)[:-1] == together.bits(1)[:-1]
    assert resumed.endings[0].screened == together.endings[1].screened


def test_what_a_screening_remembers_survives_being_written() -> None:
    state, _ = screen(Course(1e-6, 10.0, 100), np.linspace(2.0, 0.3, 31).tolist())
    assert Watch.from_json(Watch(screening=state).to_json()) == Watch(screening=state)


def test_a_range_test_does_not_train_beside_other_runs(classes: Examples, member: MakeMember) -> None:
    with pytest.raises(ShapeError, match="2 different shapes"):
        Population.start([member(classes, **TEST), member(classes, epochs=80)], classes)


@pytest.mark.parametrize("field", ["patience", "stop_progress", "restore_best", "stop_generalization_loss"])
def test_early_stopping_means_nothing_in_a_range_test(field: str) -> None:
    value: object = True if field == "restore_best" else 5
    with pytest.raises(ConfigurationError, match="range test"):
        resolve({**TEST, field: value}, task="classification")
