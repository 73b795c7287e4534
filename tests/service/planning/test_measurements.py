"""Epochs are stored so that nothing is lost, not even what is not a number."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.planning.measurements import COLUMNS, ROW, Measurement, RunMetrics, decode, is_recorded

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


def test_metrics_keep_last_best_and_extremes() -> None:
    metrics = RunMetrics("classification", "validation_loss", "minimize", {})
    for epoch, (loss, accuracy) in enumerate([(0.9, 0.5), (0.4, 0.8), (0.6, 0.85)], start=1):
        metrics.add(Measurement(1, epoch, (1.0, 0.5, loss, accuracy, 0.1, 1.0, 0.1)))
    document = metrics.document()
    assert document["validation_loss"] == {"min": 0.4, "max": 0.9, "last": 0.6, "best": 0.4}
    assert document["validation_accuracy"] == {"min": 0.5, "max": 0.85, "last": 0.85, "best": 0.8}
    assert document["best_epoch"] == 2


def test_metrics_go_on_where_they_were_stored() -> None:
    first = RunMetrics("classification", "validation_loss", "minimize", {})
    first.add(Measurement(1, 1, (1.0, 0.5, math.inf, 0.8, 0.1, 1.0, 0.1)))
    second = RunMetrics("classification", "validation_loss", "minimize", first.document())
    second.add(Measurement(1, 2, (1.0, 0.5, 0.3, 0.7, 0.1, 1.0, 0.1)))
    assert second.best_epoch == 2
    assert second.document()["validation_loss"] == {"min": 0.3, "max": "Infinity", "last": 0.3, "best": 0.3}


def test_what_is_not_a_number_is_never_the_best() -> None:
    metrics = RunMetrics("regression", "validation_loss", "minimize", {})
    metrics.add(Measurement(1, 1, (1.0, 0.5, math.nan, 0.8, 0.1, 1.0, 0.1)))
    assert metrics.best_epoch is None
    assert metrics.document()["validation_loss"]["last"] == "NaN"


def test_an_epoch_that_is_not_validated_leaves_the_last_validation_as_it_was() -> None:
    metrics = RunMetrics("classification", "train_loss", "minimize", {})
    metrics.add(Measurement(1, 1, (0.9, 0.5, 0.8, 0.6, 0.1, 1.0, 0.1)))
    metrics.add(Measurement(1, 2, (0.7, 0.6, None, None, 0.1, 1.0, 0.1)))
    document = metrics.document()
    assert metrics.last_values == (0.7, 0.6, 0.8, 0.6)
    assert document["validation_loss"] == {"min": 0.8, "max": 0.8, "last": 0.8}
    assert document["best_epoch"] == 2, "and at the best epoch nothing was validated"


def test_a_restored_epoch_gives_a_run_its_values_and_leaves_the_extremes() -> None:
    metrics = RunMetrics("regression", "validation_loss", "minimize", {})
    first = Measurement(1, 1, (0.5, 0.6, 0.4, 0.7, 0.1, 1.0, 0.1))
    metrics.add(first)
    metrics.add(Measurement(1, 2, (0.3, 0.8, 0.9, 0.1, 0.1, 1.0, 0.1)))
    metrics.restore(Measurement(1, 1, (*first.values[:4], None, None, None)))
    assert metrics.last_values == first.values[:4]
    assert metrics.document()["train_loss"] == {"min": 0.3, "max": 0.5, "last": 0.5, "best": 0.5}
    assert metrics.document()["validation_r2"] == {"min": 0.1, "max": 0.7, "last": 0.7, "best": 0.7}


def test_layers_and_details_stand_beside_the_metrics_and_survive_a_stop() -> None:
    metrics = RunMetrics("classification", "validation_loss", "minimize", {})
    metrics.add(Measurement(1, 1, (0.9, 0.5, 0.8, 0.6, 0.1, 1.0, 0.1)))
    metrics.add_layers([{"gradient_norm": math.inf, "weight_norm": 2.0, "update_ratio": 0.5}])
    metrics.add_final({"test_accuracy": 0.75}, {"test_confusion": [[2, 0], [1, 1]]})
    document = metrics.document()
    assert document["layers"] == [{"gradient_norm": "Infinity", "weight_norm": 2.0, "update_ratio": 0.5}]
    assert document["test_confusion"] == [[2, 0], [1, 1]]
    again = RunMetrics("classification", "validation_loss", "minimize", document)
    assert again.document() == document
