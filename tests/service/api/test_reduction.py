from __future__ import annotations

import math
import random

import pytest

from service.api.reduction import reduced
from service.store.loss_queries import LOSS_COLUMNS, LossValues
from tests.service.api.building import same_numbers

TRAIN, VALIDATION = LOSS_COLUMNS.index("train_loss"), LOSS_COLUMNS.index("validation_loss")


def rows(losses: list[float | None]) -> list[LossValues]:
    return [[epoch, 1 / epoch, None, loss, None, 0.1, 1.0, 0.01] for epoch, loss in enumerate(losses, 1)]


def noisy(count: int, seed: int) -> list[LossValues]:
    source = random.Random(seed)  # noqa: S311
    return [[epoch, *(source.gauss(0, 1) for _ in LOSS_COLUMNS[1:])] for epoch in range(1, count + 1)]


@pytest.mark.parametrize("most", [10, 11, 40, 137, 400, 999])
@pytest.mark.parametrize("count", [11, 41, 1000, 1777])
def test_no_more_rows_are_left_than_were_asked_for(count: int, most: int) -> None:
    found = reduced(noisy(count, seed=count), most)
    assert len(found) <= most
    epochs = [row[0] for row in found]
    assert epochs == sorted(set(epochs))  # type: ignore[type-var]
    assert (epochs[0], epochs[-1]) == (1, count)


def test_a_short_curve_stays_as_it_is() -> None:
    given = noisy(40, seed=1)
    assert reduced(given, 40) is given
    assert reduced(given, None) is given


@pytest.mark.parametrize("epoch", [1, 2, 333, 500, 999, 1000])
@pytest.mark.parametrize("spike", [1e9, -1e9, math.inf, math.nan])
def test_a_spike_of_one_epoch_survives_wherever_it_is(epoch: int, spike: float) -> None:
    losses: list[float | None] = [1 / each for each in range(1, 1001)]
    losses[epoch - 1] = spike
    given = rows(losses)
    assert any(same_numbers(row, given[epoch - 1]) for row in reduced(given, 20))


def test_the_extremes_of_the_whole_curve_survive_in_every_column_that_is_kept_for() -> None:
    given = noisy(1000, seed=7)
    found = reduced(given, 60)
    for column in (TRAIN, VALIDATION, LOSS_COLUMNS.index("gradient_norm")):
        values = [row[column] for row in given]
        kept = [row[column] for row in found]
        assert (min(kept), max(kept)) == (min(values), max(values))  # type: ignore[type-var]


def test_a_column_without_values_does_not_matter() -> None:
    found = reduced(rows([None] * 1000), 50)
    assert len(found) >= 40  # smooth curves use what is allowed
    assert all(row[VALIDATION] is None for row in found)
