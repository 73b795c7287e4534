"""Training ends completed or diverged, can be stopped between any two steps, and learns."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core.configuration import resolve
from core.errors import CoreError, DataError, ShapeError
from core.evaluation import Evaluator, constant_predictor, evaluate
from core.examples import Examples
from core.hashing import weights_sha256
from core.members import Member
from core.training import Directive, EpochReport, Population, train

MakeMember = Callable[..., Member]
Learn = Callable[..., Any]  # conftest's History, which importlib mode leaves without a name to import
NOBODY = np.empty(0, np.int64)


def test_a_network_learns_exclusive_or(learn: Learn) -> None:
    inputs = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    examples = Examples(inputs, np.array([0, 1, 1, 0], np.int64), 2, "classification")
    values = {"hidden_layers": [8], "activation": "tanh", "optimizer": "adam", "learning_rate": 0.05}
    configuration = resolve({**values, "epochs": 200, "batch_size": "full"}, task="classification")
    history = learn([Member(configuration, 0, np.arange(4), NOBODY)], examples)
    assert history.reports[-1].train_score.tolist() == [1.0]
    assert not history.endings[0].collapsed


def test_a_linear_network_descends_to_the_least_squares_solution(numbers: Examples, learn: Learn) -> None:
    everyone = np.arange(numbers.rows)
    values = {
        "hidden_layers": [],
        "batch_size": "full",
        "epochs": 400,
        "learning_rate": 0.5,
        "dtype": "float64",
    }
    history = learn([Member(resolve(values, task="regression"), 0, everyone, NOBODY)], numbers)
    with_ones = np.hstack([numbers.inputs, np.ones((numbers.rows, 1))])
    solution = np.linalg.lstsq(with_ones, numbers.targets, rcond=None)[0]
    parameters = history.endings[0].parameters
    np.testing.assert_allclose(parameters["layers.0.weight"], solution[:-1], atol=1e-9)
    np.testing.assert_allclose(parameters["layers.0.bias"], solution[-1], atol=1e-9)


def test_the_training_loss_is_the_mean_over_all_examples_even_when_the_last_batch_is_short(
    classes: Examples, member: MakeMember, learn: Learn
) -> None:
    # With a rate too small to matter, every batch is judged by the first weights.
    one = member(classes, learning_rate=1e-30, dtype="float64", epochs=1, batch_size=16)
    assert one.train_rows.size % 16
    report = learn([one], classes).reports[0]
    population = Population.start([one], classes)
    metrics = evaluate(one.configuration, population.parameters(0), classes, one.train_rows)
    assert report.train_loss[0] == pytest.approx(metrics.loss, rel=1e-12)
    assert report.train_score[0] == metrics.accuracy


def test_validation_equals_an_evaluation_of_the_weights_to_the_bit(
    classes: Examples, numbers: Examples, member: MakeMember, learn: Learn
) -> None:
    for examples in (classes, numbers):
        members = [member(examples, seed=seed, epochs=2) for seed in range(3)]
        history = learn(members, examples)
        for place, one in enumerate(members):
            metrics = evaluate(
                one.configuration, history.endings[place].parameters, examples, one.validation_rows
            )
            assert history.reports[-1].validation_loss[place] == metrics.loss
            assert history.reports[-1].validation_score[place] == metrics.score


def test_the_last_steps_gradient_and_change_are_reported(numbers: Examples, learn: Learn) -> None:
    everyone = np.arange(numbers.rows)
    values = {
        "hidden_layers": [],
        "batch_size": "full",
        "epochs": 1,
        "learning_rate": 0.25,
        "dtype": "float64",
    }
    one = Member(resolve(values, task="regression"), 0, everyone, NOBODY)
    before = Population.start([one], numbers).parameters(0)
    history = learn([one], numbers)
    after = history.endings[0].parameters
    change = np.concatenate([(before[name] - after[name]).ravel() for name in before])
    final = np.concatenate([tensor.ravel() for tensor in after.values()])
    assert history.reports[0].gradient_norm[0] == pytest.approx(np.linalg.norm(change) / 0.25, rel=1e-9)
    assert history.reports[0].update_ratio[0] == pytest.approx(
        np.linalg.norm(change) / np.linalg.norm(final), rel=1e-9
    )


def test_a_loss_that_is_not_finite_ends_a_run_at_the_step_where_it_first_was(
    classes: Examples, member: MakeMember, learn: Learn
) -> None:
    history = learn([member(classes, loss="mse", learning_rate=1e6), member(classes, loss="mse")], classes)
    ending = history.endings[0]
    assert (ending.state, ending.epoch, ending.collapsed) == ("diverged", 1, False)
    assert ending.step is not None
    assert f"at step {ending.step} of epoch 1" in ending.reason
    assert ending.tensor == "layers.0.weight"
    assert not np.isfinite(history.reports[0].train_loss[0])
    assert [report.members.tolist() for report in history.reports] == [[0, 1], [1], [1], [1]]
    assert history.endings[1].state == "completed"


def test_a_diverged_runs_weights_are_the_last_good_ones(
    classes: Examples, member: MakeMember, learn: Learn
) -> None:
    one = member(classes, loss="mse", learning_rate=1e6)
    ending = learn([one], classes).endings[0]
    first = Population.start([one], classes).parameters(0)
    assert ending.weights_sha256 == weights_sha256(first) == weights_sha256(ending.parameters)


def test_weights_that_break_in_the_very_last_step_are_caught(learn: Learn) -> None:
    # One step from finite weights to infinite ones: the loss before it is finite, no loss comes after it.
    examples = Examples(np.array([[1e19], [-1e19]]), np.array([[1e19], [1.0]]), 1, "regression")
    values = {
        "hidden_layers": [],
        "batch_size": "full",
        "epochs": 1,
        "learning_rate": 1e6,
        "initializer": "uniform",
    }
    configuration = resolve({**values, "init_scale": 0.0}, task="regression")
    history = learn([Member(configuration, 0, np.arange(2), NOBODY)], examples)
    assert np.isfinite(history.reports[0].train_loss).all()
    assert history.endings[0].state == "diverged"
    assert "layers.0.weight was not finite after the last step" in history.endings[0].reason
    assert history.endings[0].tensor == "layers.0.weight"


def test_a_training_loss_a_hundred_times_the_constant_predictors_is_divergence(
    numbers: Examples, member: MakeMember, learn: Learn
) -> None:
    one = member(numbers, hidden_layers=[], initializer="uniform", init_scale=1e4, learning_rate=1e-9)
    ending = learn([one], numbers).endings[0]
    constant = constant_predictor(numbers, one.train_rows, one.train_rows, "mse").loss
    assert (ending.state, ending.epoch, ending.step, ending.tensor) == ("diverged", 1, None, None)
    assert f"{constant:.6g}" in ending.reason


def test_a_training_set_of_one_class_is_no_reason_to_diverge(learn: Learn) -> None:
    examples = Examples(
        np.random.default_rng(0).standard_normal((6, 2)), np.zeros(6, np.int64), 2, "classification"
    )
    configuration = resolve({"epochs": 2, "hidden_layers": [3]}, task="classification")
    history = learn([Member(configuration, 0, np.arange(6), NOBODY)], examples)
    assert history.endings[0].state == "completed"


def test_a_training_set_of_one_value_is_no_reason_to_diverge(learn: Learn) -> None:
    targets = np.full((30, 1), 0.1)  # whose mean, as it is rounded, is another number
    examples = Examples(np.random.default_rng(0).standard_normal((30, 2)), targets, 1, "regression")
    configuration = resolve({"epochs": 2, "hidden_layers": [3]}, task="regression")
    history = learn([Member(configuration, 0, np.arange(30), NOBODY)], examples)
    assert history.endings[0].state == "completed"
    assert history.reports[-1].train_score[0] == 0.0  # R2 of what is constant and not met


def test_a_run_that_is_no_better_than_the_constant_predictor_has_collapsed(
    classes: Examples, member: MakeMember, learn: Learn
) -> None:
    still = member(classes, validation=0, initializer="uniform", init_scale=0.0, learning_rate=1e-6)
    moving = member(classes, validation=0, initializer="he", learning_rate=0.3)
    history = learn([still, moving], classes)
    assert [history.endings[place].collapsed for place in (0, 1)] == [True, False]
    assert [history.endings[place].state for place in (0, 1)] == ["completed", "completed"]


def test_without_validation_rows_there_are_no_validation_numbers(
    classes: Examples, member: MakeMember, learn: Learn
) -> None:
    report = learn([member(classes, validation=0)], classes).reports[-1]
    assert math.isnan(report.validation_loss[0])
    assert math.isnan(report.validation_score[0])


def test_told_to_stop_training_discards_the_unfinished_epoch(classes: Examples, member: MakeMember) -> None:
    one = member(classes, optimizer="adam", learning_rate=0.01)
    population = Population.start([one], classes)
    asked = 0
    states: list[bytes] = []

    def stop_in_the_third_epoch() -> bool:
        nonlocal asked
        asked += population.epoch == 2
        return asked == 2  # 70 rows are 5 steps an epoch

    train(
        population,
        on_epoch=lambda _: states.append(population.checkpoint(0)),
        should_stop=stop_in_the_third_epoch,
    )
    assert population.epoch == 2
    assert population.checkpoint(0) == states[-1]


@pytest.mark.parametrize("rule", [{}, {"stop_progress": 5.0}])  # which evaluates the training rows as well
def test_told_to_stop_while_it_is_evaluated_an_epoch_is_discarded_too(
    classes: Examples,
    member: MakeMember,
    learn: Learn,
    monkeypatch: pytest.MonkeyPatch,
    rule: dict[str, float],
) -> None:
    one = member(classes, optimizer="adam", learning_rate=0.01, **rule)
    whole = learn([one], classes)
    population = Population.start([one], classes)
    states: list[bytes] = []
    evaluating = False

    def measure(self: Evaluator, should_stop: Callable[[], bool], *more: Any) -> Any:
        nonlocal evaluating
        evaluating = population.epoch == 2
        return original(self, should_stop, *more)

    original = Evaluator.measure_unless
    with monkeypatch.context() as patch:
        patch.setattr(Evaluator, "measure_unless", measure)
        train(
            population,
            on_epoch=lambda _: states.append(population.checkpoint(0)),
            should_stop=lambda: evaluating,
        )
    assert (evaluating, population.epoch) == (True, 2)
    assert population.checkpoint(0) == states[-1]
    again = learn(population, classes)
    assert again.endings[0].weights_sha256 == whole.endings[0].weights_sha256


def test_an_exception_in_the_midst_of_an_epoch_leaves_the_last_finished_one(
    classes: Examples, member: MakeMember
) -> None:
    population = Population.start([member(classes)], classes)
    before = population.checkpoint(0)
    asked = iter([False, False])
    with pytest.raises(StopIteration):
        train(population, on_epoch=lambda _: None, should_stop=lambda: next(asked))
    assert population.checkpoint(0) == before


def test_training_goes_on_after_a_stop_as_if_there_had_been_none(
    classes: Examples, member: MakeMember, learn: Learn
) -> None:
    members = [member(classes, seed=seed, optimizer="momentum") for seed in range(2)]
    whole = learn(members, classes)
    population = Population.start(members, classes)
    learn(population, classes, answer=lambda report: Directive(stop=report.epoch == 2))
    assert population.epoch == 2
    rest = learn(population, classes)
    assert rest.endings[1].weights_sha256 == whole.endings[1].weights_sha256


def test_a_dropped_member_has_no_ending(classes: Examples, member: MakeMember, learn: Learn) -> None:
    members = [member(classes, seed=seed) for seed in range(3)]
    history = learn(
        members, classes, answer=lambda report: Directive(drop=(1,)) if report.epoch == 1 else None
    )
    assert sorted(history.endings) == [0, 2]
    assert len(history.curves[1]) == 1


def test_members_that_ended_are_no_longer_active_when_the_caller_hears_of_it(
    classes: Examples, member: MakeMember
) -> None:
    population = Population.start([member(classes, epochs=1)], classes)
    seen: list[list[int]] = []

    def hear(report: EpochReport) -> None:
        seen.append(population.active.tolist())
        with pytest.raises(CoreError, match="not training"):
            population.parameters(0)

    train(population, on_epoch=hear)
    assert seen == [[]]


def test_members_of_two_shapes_cannot_train_together(classes: Examples, member: MakeMember) -> None:
    with pytest.raises(ShapeError, match="2 different shapes"):
        Population.start([member(classes), member(classes, hidden_layers=[7])], classes)


def test_a_row_that_does_not_exist_is_refused(classes: Examples, member: MakeMember) -> None:
    configuration = member(classes).configuration
    with pytest.raises(DataError, match="0 to 89"):
        Population.start([Member(configuration, 0, np.array([90]), NOBODY)], classes)


def test_inputs_too_large_for_float32_diverge_silently(learn: Learn) -> None:
    examples = Examples(np.array([[1e300], [1.0]]), np.array([[0.0], [1.0]]), 1, "regression")
    one = Member(resolve({"epochs": 1}, task="regression"), 0, np.arange(2), NOBODY)
    with np.errstate(all="raise"):
        assert learn([one], examples).endings[0].state == "diverged"


@pytest.mark.parametrize("size", [1e160, 1e-300])
def test_targets_whose_squares_leave_the_numbers_do_so_silently(learn: Learn, size: float) -> None:
    targets = np.array([[size], [-size], [2 * size]])
    examples = Examples(np.array([[0.0], [1.0], [2.0]]), targets, 1, "regression")
    values = {"epochs": 1, "dtype": "float64", "initializer": "uniform", "init_scale": 0}
    one = Member(resolve(values, task="regression"), 0, np.arange(3), NOBODY)
    with np.errstate(all="raise"):
        ending = learn([one], examples).endings[0]
    assert ending.state == ("diverged" if size > 1.0 else "completed")


def test_diverging_runs_are_silent(classes: Examples, member: MakeMember, learn: Learn) -> None:
    with np.errstate(all="raise"):
        history = learn([member(classes, loss="mse", learning_rate=1e6)], classes)
    assert history.endings[0].state == "diverged"
