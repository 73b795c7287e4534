from __future__ import annotations

import numpy as np
import pytest

from core.layer_statistics import LayerStatistics
from service.planning.layer_records import LayerRecords, pack, record_bytes, unpack

EPOCHS = [3, 6, 9]


def statistics(epoch: int) -> LayerStatistics:
    """Two runs with three layers; no two numbers are equal."""
    numbers = (epoch + np.arange(18) / 64).reshape(3, 2, 3)
    return LayerStatistics(*numbers)


def packed(dtype: str = "float32") -> list[LayerRecords]:
    return pack([11, 12], EPOCHS, [statistics(epoch) for epoch in EPOCHS], dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_was_packed_is_unpacked_run_by_run(dtype: str) -> None:
    for place, of_run in enumerate(packed(dtype)):
        run, first, layers, item_bytes, content = of_run.as_row()
        assert (run, first, layers) == (11 + place, 3, 3)
        assert len(content) == 3 * record_bytes(3, dtype)
        records = unpack(content, layers, item_bytes)
        assert records["epoch"].tolist() == EPOCHS
        for record, epoch in zip(records["values"], EPOCHS, strict=True):
            given = statistics(epoch)
            assert record.dtype == np.dtype(dtype)
            assert record.tolist() == [
                given.gradient_norm[place].tolist(),
                given.weight_norm[place].tolist(),
                given.update_ratio[place].tolist(),
            ]


def test_records_are_cut_behind_an_epoch() -> None:
    whole = packed()[1]
    assert whole.behind(2) == whole
    assert whole.behind(9) is None
    later = whole.behind(3)
    assert later is not None
    assert later.as_row()[:2] == (12, 6)
    assert later.content == whole.content[record_bytes(3, "float32") :]
    assert whole.behind(8) == later.behind(6)


def test_what_is_not_finite_stays_what_it_is_and_what_is_too_large_becomes_infinite() -> None:
    numbers = np.array([[np.nan, np.inf, 1e300]])
    of_run = pack([1], [1], [LayerStatistics(numbers, -numbers, numbers)], "float32")[0]
    values = unpack(of_run.content, 3, 4)["values"][0].tolist()
    assert [str(value) for value in values[0]] == ["nan", "inf", "inf"]
    assert values[1][1:] == [-np.inf, -np.inf]
    exact = pack([1], [1], [LayerStatistics(numbers, -numbers, numbers)], "float64")[0]
    assert unpack(exact.content, 3, 8)["values"][0, 0, 2] == 1e300


def test_a_single_run_is_taken_out_of_many() -> None:
    assert pack([12], [6], [statistics(6).row(1)], "float32")[0].content == packed()[1].content[40:80]
