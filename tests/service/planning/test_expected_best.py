from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import pytest

from service.planning.expected_best import MOST_BUDGETS, expected_best
from service.planning.outcomes import Goal


@pytest.mark.parametrize(("goal", "best"), [("maximize", max), ("minimize", min)])
def test_it_is_the_mean_of_the_best_over_all_draws(goal: Goal, best: Callable[[object], float]) -> None:
    values = [0.3, 0.9, 0.1, 0.5]
    for budget, found in expected_best(values, goal):
        draws = list(itertools.product(values, repeat=budget))
        assert found == pytest.approx(math.fsum(best(draw) for draw in draws) / len(draws))


def test_it_never_gets_worse_and_has_a_bounded_number_of_points() -> None:
    values = [math.sin(number) for number in range(1000)]
    curve = expected_best(values, "maximize")
    assert len(curve) <= MOST_BUDGETS
    assert (curve[0][0], curve[-1][0]) == (1, 1000)
    assert curve[0][1] == pytest.approx(math.fsum(values) / 1000)
    assert [value for _, value in curve] == sorted(value for _, value in curve)
    assert expected_best([], "minimize") == []
