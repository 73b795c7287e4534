"""A curve that is drawn the size of a word has few points, and says where it begins and ends."""

from __future__ import annotations

from itertools import pairwise
from math import inf, nan

from service.planning.best_result import MOST_POINTS, small_curve


def test_a_long_curve_keeps_its_ends_and_is_even_between_them() -> None:
    curve = small_curve("validation_loss", range(1, 1001), [1 / epoch for epoch in range(1, 1001)])
    assert curve is not None
    epochs = curve["epochs"]
    assert (len(epochs), epochs[0], epochs[-1]) == (MOST_POINTS, 1, 1000)
    steps = [after - before for before, after in pairwise(epochs)]
    assert max(steps) - min(steps) <= 1
    assert curve["mean"] == [float(f"{1 / epoch:.5g}") for epoch in epochs]


def test_a_short_curve_is_kept_as_it_is() -> None:
    curve = small_curve("train_loss", [1, 2, 3], [3.0, 2.0, 1.23456789])
    assert curve == {"metric": "train_loss", "epochs": [1, 2, 3], "mean": [3.0, 2.0, 1.2346]}


def test_epochs_without_a_finite_mean_are_left_out() -> None:
    curve = small_curve("train_loss", [1, 2, 3, 4, 5], [1.0, None, nan, inf, 0.5])
    assert curve is not None
    assert curve["epochs"] == [1, 5]


def test_one_point_is_no_curve() -> None:
    assert small_curve("train_loss", [1, 2], [1.0, None]) is None
    assert small_curve("train_loss", [], []) is None
