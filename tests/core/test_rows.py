"""Every epoch sees every training row once, in an order that only seed and epoch decide."""

from __future__ import annotations

import numpy as np
import pytest

from core.rows import RowSets, Sharing, spans
from core.streams import Stream, generator

ROWS = np.array([3, 5, 8, 13, 21])


def test_each_epoch_is_a_permutation_of_its_own() -> None:
    rows = RowSets([ROWS], seeds=[7])
    first, second = rows.order(1)[0], rows.order(2)[0]
    assert sorted(first) == sorted(second) == ROWS.tolist()
    assert first.tolist() == ROWS[generator(7, Stream.SHUFFLE, 1).permutation(5)].tolist()
    assert first.tolist() != second.tolist()


def test_runs_with_one_seed_and_the_same_rows_share_one_order() -> None:
    assert RowSets([ROWS, ROWS.copy()], seeds=[7, 7]).order(1).shape == (1, 5)


def test_another_seed_or_other_rows_make_another_order() -> None:
    others = np.array([1, 2, 4, 8, 16])
    sets = RowSets([ROWS, ROWS, others, ROWS], seeds=[7, 8, 7, 7])
    orders = sets.order(1)
    assert sets.sharing.set_of_run == [0, 1, 2, 0]
    assert orders.shape == (3, 5)
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0].tolist() != orders[1].tolist()
    assert sorted(orders[2]) == sorted(others)


def test_without_seeds_rows_stay_as_they_were_given() -> None:
    assert RowSets([ROWS]).order(5)[0].tolist() == ROWS.tolist()


def test_the_last_batch_is_short_where_rows_do_not_divide() -> None:
    assert spans(70, 32) == [(0, 32), (32, 64), (64, 70)]
    assert spans(64, 32) == [(0, 32), (32, 64)]
    assert spans(3, 32) == [(0, 3)]


@pytest.mark.parametrize(
    ("set_of_run", "parts"),
    [([0, 0, 0], 1), ([0], 1), ([0, 1, 2], 1), ([0, 0, 1, 1], 1), ([0, 0, 1], 2), ([0, 1, 0], 3)],
)
def test_runs_are_multiplied_with_their_own_set_in_as_few_calls_as_can_be(
    set_of_run: list[int], parts: int
) -> None:
    draw = np.random.default_rng(4)
    sharing = Sharing(set_of_run)
    inputs = draw.standard_normal((sharing.sets, 5, 3))
    weights = draw.standard_normal((len(set_of_run), 3, 2))
    outputs = np.full((len(set_of_run), 5, 2), np.nan)
    split = list(zip(sharing.parts, sharing.split(weights), sharing.split(outputs), strict=True))
    assert len(split) == parts
    for part, weight, place in split:
        np.matmul(inputs[part], weight, out=place)
    alone = [inputs[place] @ weight for place, weight in zip(set_of_run, weights, strict=True)]
    assert np.array_equal(outputs, alone)
    wide = sharing.by_run(inputs)
    assert all(np.array_equal(wide[run % len(wide)], inputs[place]) for run, place in enumerate(set_of_run))
