"""Balanced class weights make a rare class count as much as a frequent one, in loss and gradient alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import core.endings
import core.epoch
from core.class_weights import balanced, class_weights
from core.configuration import resolve
from core.evaluation import predict
from core.examples import Examples
from core.fields import LOSSES
from core.members import Member
from core.training import Population

MakeMember = Callable[..., Member]
Learn = Callable[..., Any]  # conftest's History, which importlib mode leaves without a name to import
NOBODY = np.empty(0, np.int64)


@pytest.fixture(scope="module")
def rare() -> Examples:
    """120 examples in 3 classes of which the second is rare, not in order."""
    draw = np.random.default_rng(11)
    classes = draw.permutation(np.repeat([0, 1, 2], [70, 8, 42]))
    centres = np.array([[0.0, 0.0], [0.8, 0.6], [-0.7, 0.9]])
    return Examples(centres[classes] + draw.standard_normal((120, 2)), classes, 3, "classification")


def test_the_weights_are_those_of_scikit_learns_own_example() -> None:
    # From the documentation of sklearn.utils.class_weight.compute_class_weight.
    assert balanced(np.array([1, 1, 1, 1, 0, 0]), 2).tolist() == [1.5, 0.75]


def test_a_class_without_examples_weighs_nothing_and_is_not_counted() -> None:
    assert balanced(np.array([2, 2, 2, 0]), 4).tolist() == [2.0, 0.0, 4 / 6, 0.0]


@pytest.mark.parametrize("loss", LOSSES)
def test_one_step_on_weighted_examples_is_one_on_rows_repeated_until_all_classes_are_as_frequent(
    loss: str, learn: Learn
) -> None:
    draw = np.random.default_rng(3)
    classes = np.repeat([0, 1], [6, 2])
    examples = Examples(draw.standard_normal((8, 3)), classes, 2, "classification")
    values = {"hidden_layers": [4], "activation": "tanh", "loss": loss, "epochs": 1, "dtype": "float64"}
    plain = resolve({**values, "batch_size": "full"}, task="classification")
    weighted = resolve({**values, "batch_size": "full", "class_weight": "balanced"}, task="classification")
    repeated = np.concatenate([np.arange(6), np.repeat([6, 7], 3)])
    one = learn([Member(weighted, 0, np.arange(8), NOBODY)], examples)
    other = learn([Member(plain, 0, repeated, NOBODY)], examples)
    for name, tensor in one.endings[0].parameters.items():
        np.testing.assert_allclose(tensor, other.endings[0].parameters[name], rtol=1e-12)
    assert one.reports[0].train_loss[0] == pytest.approx(other.reports[0].train_loss[0], rel=1e-12)
    unweighted = learn([Member(plain, 0, np.arange(8), NOBODY)], examples)
    assert unweighted.endings[0].weights_sha256 != one.endings[0].weights_sha256


def by_example(loss: str, outputs: Any, truths: Any) -> Any:
    """Return each example's loss (rows,) by the textbook, from the sums that a linear network ends with."""
    right = np.eye(outputs.shape[1])[truths]
    residual = outputs - right
    probable = 1.0 / (1.0 + np.exp(-outputs))
    share = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    return {
        "mse": (residual**2).mean(axis=1),
        "mae": np.abs(residual).mean(axis=1),
        "huber": np.where(np.abs(residual) <= 1, residual**2 / 2, np.abs(residual) - 0.5).mean(axis=1),
        "cross_entropy": -np.log(share[right == 1.0]),
        "binary_cross_entropy": -np.log(np.where(right == 1.0, probable, 1.0 - probable)).mean(axis=1),
    }[loss]


@pytest.mark.parametrize("loss", LOSSES)
def test_the_training_loss_is_the_weighted_mean_and_the_validation_loss_is_not_weighted(
    rare: Examples, member: MakeMember, learn: Learn, loss: str
) -> None:
    # With a rate too small to matter, every batch is judged by the first weights.
    values = {"class_weight": "balanced", "loss": loss, "learning_rate": 1e-30, "dtype": "float64"}
    one = member(rare, epochs=1, hidden_layers=[], **values)
    history = learn([one], rare)
    weight, bias = history.endings[0].parameters.values()
    outputs, truths = rare.inputs @ weight + bias, rare.classes
    counts = np.bincount(truths[one.train_rows])
    weights = one.train_rows.size / (3 * counts)
    losses = by_example(loss, outputs, truths)
    weighted = (weights[truths] * losses)[one.train_rows]
    assert history.reports[0].train_loss[0] == pytest.approx(weighted.mean(), rel=1e-12)
    assert history.reports[0].validation_loss[0] == pytest.approx(
        losses[one.validation_rows].mean(), rel=1e-12
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_members_with_other_rows_have_other_weights_and_the_bits_that_they_have_alone(
    rare: Examples, member: MakeMember, learn: Learn, loss: str
) -> None:
    values = {"class_weight": "balanced", "loss": loss, "stop_progress": 1.0, "validate_every": 2}
    members = [member(rare, seed=seed % 3, learning_rate=0.05 * (seed + 1), **values) for seed in range(5)]
    weights = class_weights(members[0].configuration, rare, [one.train_rows for one in members])
    assert weights is not None
    assert len(np.unique(weights, axis=0)) > 1
    together = learn(members, rare)
    for place in range(5):
        assert together.bits(place) == learn([members[place]], rare).bits(0)


def test_classes_that_are_as_frequent_as_each_other_change_no_bit_of_the_weights(learn: Learn) -> None:
    draw = np.random.default_rng(0)
    examples = Examples(draw.standard_normal((40, 3)), np.arange(40) % 4, 4, "classification")
    values = {"hidden_layers": [5], "epochs": 3}
    endings = []
    for more in ({}, {"class_weight": "balanced"}):
        configuration = resolve({**values, **more}, task="classification")
        endings.append(learn([Member(configuration, 0, np.arange(40), NOBODY)], examples).endings[0])
    assert endings[0].weights_sha256 == endings[1].weights_sha256


def test_a_rare_class_is_found_more_often(rare: Examples, member: MakeMember, learn: Learn) -> None:
    found = []
    for weight in (None, "balanced"):
        members = [member(rare, seed=seed, epochs=20, class_weight=weight) for seed in range(5)]
        history = learn(members, rare)
        answers = [
            predict(one.configuration, history.endings[place].parameters, rare.inputs).argmax(axis=1)
            for place, one in enumerate(members)
        ]
        found.append(np.mean([np.mean(answer[rare.classes == 1] == 1) for answer in answers]))
    assert found[1] > found[0] + 0.2


def test_a_very_rare_class_is_no_reason_to_diverge_or_to_be_called_collapsed(
    learn: Learn, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = np.random.default_rng(5)
    classes = (np.arange(20_000) >= 19_999).astype(np.int64)
    examples = Examples(draw.standard_normal((20_000, 2)), classes, 2, "classification")
    values = {"hidden_layers": [], "epochs": 20, "batch_size": "full", "learning_rate": 1.0}
    configuration = resolve({**values, "class_weight": "balanced"}, task="classification")
    rows = np.arange(20_000)
    one = Member(configuration, 0, rows[100:], rows[:100])
    ending = learn([one], examples).endings[0]
    assert (ending.state, ending.collapsed) == ("completed", False)
    # Against the loss of a constant that knows how rare the class is, it would count as diverged.
    monkeypatch.setattr(core.endings, "representatives", lambda _examples, chosen: chosen)
    assert learn([one], examples).endings[0].state == "diverged"


def test_with_progress_the_loss_after_the_epoch_is_weighted_as_well(
    rare: Examples, member: MakeMember, learn: Learn, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"stop_progress": 0.001, "validate_every": 2, "dtype": "float64", "epochs": 2}
    one = member(rare, class_weight="balanced", **values)
    history = learn([one], rare)
    answers = predict(
        one.configuration, history.endings[0].parameters, np.ascontiguousarray(rare.inputs[one.train_rows])
    )
    truths = rare.classes[one.train_rows]
    by_class = [-np.log(answers[truths == each, each]).mean() for each in range(3)]
    assert history.reports[-1].train_loss[0] == pytest.approx(np.mean(by_class), rel=1e-12)


def test_the_comparison_would_notice_a_gradient_that_is_not_weighted(
    rare: Examples, member: MakeMember, monkeypatch: pytest.MonkeyPatch, learn: Learn
) -> None:
    one = member(rare, class_weight="balanced")
    weighted = learn([one], rare)
    monkeypatch.setattr(core.epoch, "class_weights", lambda *_arguments: None)
    assert learn([one], rare).endings[0].weights_sha256 != weighted.endings[0].weights_sha256
    assert Population.start([one], rare).checkpoint(0), "the population itself is the same"
