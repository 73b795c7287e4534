"""Epochs are stored so that nothing is lost, not even what is not a number."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.planning.measurements import COLUMNS, ROW, Measurement, decode, is_recorded

values = st.tuples(*[st.none() | st.floats() for _ in COLUMNS])


@given(values)
def test_a_row_gives_back_every_value_non_finite_ones_included(values: tuple[float | None, ...]) -> None:
    row: dict[str, Any] = dict(zip(ROW, Measurement(1, 1, values).as_row(), strict=True))
    assert all(row[column] is None or math.isfinite(row[column]) for column in COLUMNS)
    assert [repr(value) for value in decode(row)] == [repr(value) for value in values]


def test_all_epochs_are_recorded_up_to_a_thousand_then_evenly_and_the_last_one_always() -> None:
    assert sum(is_recorded(epoch, 1_000) for epoch in range(1, 1_001)) == 1_000
    kept = [epoch for epoch in range(1, 2_500) if is_recorded(epoch, 2_499)]
    assert kept[:3] == [1, 3, 6]
    assert kept[-1] == 2_499
    assert len(kept) <= 1_002
