"""A population is refused what it cannot do: validate without rows, or restore weights that were not kept."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from core.configuration import resolve
from core.errors import DataError, ShapeError
from core.evaluation import Trained
from core.examples import Examples
from core.gradient_check import check_gradients
from core.members import Member
from core.training import Population

MakeMember = Callable[..., Member]


@pytest.mark.parametrize(
    "rules", [{"patience": 1}, {"stop_generalization_loss": 5.0}, {"restore_best": True}], ids=" ".join
)
def test_what_looks_at_validation_rows_is_refused_where_there_are_none(
    classes: Examples, member: MakeMember, rules: dict[str, object]
) -> None:
    with pytest.raises(ShapeError, match=f"{next(iter(rules))} needs validation rows"):
        Population.start([member(classes, validation=0, **rules)], classes)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "the loss is cross_entropy .*; allowed: mse, mae, huber"),
        ({"loss": "mse", "class_weight": "balanced"}, "class_weight is balanced .*; allowed: null"),
    ],
)
def test_what_needs_classes_is_refused_numbers(
    numbers: Examples, values: dict[str, object], message: str
) -> None:
    configuration = resolve(values, task="classification")
    one = Member(configuration, 0, np.arange(10), np.arange(10, 20))
    with pytest.raises(DataError, match=message):
        Population.start([one], numbers)
    with pytest.raises(DataError, match=message):
        check_gradients(configuration, numbers, seed=0)
    with pytest.raises(DataError, match=message):
        Trained(configuration, [], numbers)


def test_best_weights_are_refused_where_nothing_is_validated(classes: Examples, member: MakeMember) -> None:
    with pytest.raises(ShapeError, match="best weights need validation rows"):
        Population.start([member(classes, validation=0)], classes, keep_best=True)


def test_a_checkpoint_without_best_weights_cannot_be_resumed_with_them(
    classes: Examples, member: MakeMember
) -> None:
    one = member(classes)
    without = Population.start([one], classes).checkpoint(0)
    with pytest.raises(DataError, match="best"):
        Population.resume([one], classes, [without], keep_best=True)
    kept = Population.start([one], classes, keep_best=True).checkpoint(0)
    assert Population.resume([one], classes, [kept]).best is None
