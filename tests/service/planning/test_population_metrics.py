"""What a run is worth does not depend on how many epochs or runs were taken in at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.planning.measurements import Measurement
from service.planning.population_metrics import PopulationMetrics

Row = tuple[float | None, ...]  # train_loss, train_score, validation_loss, validation_score
NAN = math.nan


def _alone(
    task: str, objective: str, document: dict[str, Any] | None = None, goal: Any = "minimize"
) -> PopulationMetrics:
    return PopulationMetrics(task, objective, goal, [document or {}])


def _add(metrics: PopulationMetrics, first: int, *rows: Row, run: int = 0) -> list[int]:
    values = np.array([[[NAN if value is None else value] for value in row] for row in rows])
    known = np.array([[value is not None for value in row] for row in rows])
    places = metrics.add(np.array([run]), range(first, first + len(rows)), values, known)
    return [int(place) for place in places]


def test_metrics_keep_last_best_and_extremes() -> None:
    metrics = _alone("classification", "validation_loss")
    found = _add(metrics, 1, (1.0, 0.5, 0.9, 0.5), (1.0, 0.5, 0.4, 0.8), (1.0, 0.5, 0.6, 0.85))
    assert found == [1]
    document = metrics.document(0)
    assert document["validation_loss"] == {"min": 0.4, "max": 0.9, "last": 0.6, "best": 0.4}
    assert document["validation_accuracy"] == {"min": 0.5, "max": 0.85, "last": 0.85, "best": 0.8}
    assert document["best_epoch"] == 2


def test_the_best_of_a_score_is_the_largest_and_the_first_of_equals() -> None:
    metrics = _alone("classification", "validation_accuracy", goal="maximize")
    _add(metrics, 1, (1.0, 0.5, 0.9, 0.5), (1.0, 0.5, 0.4, 0.8), (1.0, 0.5, 0.3, 0.8))
    assert _add(metrics, 4, (1.0, 0.5, 0.2, 0.8)) == [-1]
    assert metrics.document(0)["validation_loss"]["best"] == 0.4
    assert metrics.best_epoch(0) == 2


def test_whoever_has_the_best_finite_value_leads_among_those_asked_about() -> None:
    metrics = PopulationMetrics("classification", "validation_accuracy", "maximize", [{}] * 5)
    asked = np.array([True, True, True, True, False])
    assert metrics.leader(asked) is None
    for run, score in enumerate((math.inf, 0.5, 0.75, 0.75, 0.9)):
        _add(metrics, 1, (1.0, 0.5, 1.0, score), (1.0, 0.5, 1.0, 0.25), run=run)
    assert metrics.leader(asked) == (2, 0.75)
    assert metrics.leader(~asked) == (4, 0.9)
    assert metrics.leader(np.zeros(5, bool)) is None
    assert PopulationMetrics("classification", "test_loss", "minimize", [{}]).leader(asked[:1]) is None


def test_metrics_go_on_where_they_were_stored() -> None:
    first = _alone("classification", "validation_loss")
    _add(first, 1, (1.0, 0.5, math.inf, 0.8))
    second = _alone("classification", "validation_loss", first.document(0))
    _add(second, 2, (1.0, 0.5, 0.3, 0.7))
    assert second.best_epoch(0) == 2
    assert second.document(0)["validation_loss"] == {"min": 0.3, "max": "Infinity", "last": 0.3, "best": 0.3}


def test_what_is_not_a_number_is_never_the_best() -> None:
    metrics = _alone("regression", "validation_loss")
    _add(metrics, 1, (1.0, 0.5, NAN, 0.8))
    assert metrics.best_epoch(0) is None
    assert metrics.document(0)["validation_loss"]["last"] == "NaN"
    _add(metrics, 2, (1.0, 0.5, NAN, 0.8), (1.0, 0.5, math.inf, 0.8))
    assert metrics.best_epoch(0) == 3, "and infinity is better than nothing"


def test_an_epoch_that_is_not_validated_leaves_the_last_validation_as_it_was() -> None:
    metrics = _alone("classification", "train_loss")
    _add(metrics, 1, (0.9, 0.5, 0.8, 0.6), (0.7, 0.6, None, None))
    document = metrics.document(0)
    assert metrics.last_values(0) == (0.7, 0.6, 0.8, 0.6)
    assert document["validation_loss"] == {"min": 0.8, "max": 0.8, "last": 0.8}
    assert document["best_epoch"] == 2, "and at the best epoch nothing was validated"


def test_a_restored_epoch_gives_a_run_its_values_and_leaves_the_extremes() -> None:
    metrics = _alone("regression", "validation_loss")
    first = (0.5, 0.6, 0.4, 0.7)
    _add(metrics, 1, first, (0.3, 0.8, 0.9, 0.1))
    metrics.restore(0, Measurement(1, 1, (*first, None, None, None)))
    assert metrics.last_values(0) == first
    assert metrics.document(0)["train_loss"] == {"min": 0.3, "max": 0.5, "last": 0.5, "best": 0.5}
    assert metrics.document(0)["validation_r2"] == {"min": 0.1, "max": 0.7, "last": 0.7, "best": 0.7}


def test_layers_and_details_stand_beside_the_metrics_and_survive_a_stop() -> None:
    metrics = _alone("classification", "validation_loss")
    _add(metrics, 1, (0.9, 0.5, 0.8, 0.6))
    metrics.add_layers(0, [{"gradient_norm": math.inf, "weight_norm": 2.0, "update_ratio": 0.5}])
    metrics.add_final(0, {"test_accuracy": 0.75, "test_mae": NAN}, {"test_confusion": [[2, 0], [1, 1]]})
    document = metrics.document(0)
    assert document["layers"] == [{"gradient_norm": "Infinity", "weight_norm": 2.0, "update_ratio": 0.5}]
    assert document["test_confusion"] == [[2, 0], [1, 1]]
    assert document["test_mae"] == {"last": "NaN"}
    assert _alone("classification", "validation_loss", document).document(0) == document


_values = st.none() | st.floats() | st.sampled_from([0.1, 0.2])
_runs = st.integers(1, 3).flatmap(
    lambda runs: st.lists(
        st.lists(st.tuples(*[_values] * 4), min_size=runs, max_size=runs), min_size=1, max_size=6
    )
)


@given(_runs, st.data())
def test_many_epochs_of_many_runs_come_to_what_each_comes_to_alone(
    epochs: list[list[Row]], data: st.DataObject
) -> None:
    runs, validated = len(epochs[0]), [data.draw(st.booleans()) for _ in epochs]
    known = np.array([[True, True, each, each] for each in validated])
    values = np.array(
        [
            [[NAN if row[place] is None else row[place] for row in rows] for place in range(4)]
            for rows in epochs
        ]
    )
    together = PopulationMetrics("regression", "validation_loss", "minimize", [{}] * runs)
    together.add(np.arange(runs), range(1, len(epochs) + 1), values, known)
    one_by_one = PopulationMetrics("regression", "validation_loss", "minimize", [{}] * runs)
    for place in range(len(epochs)):
        for run in range(runs):
            of_run = values[place : place + 1, :, run : run + 1]
            one_by_one.add(np.array([run]), [place + 1], of_run, known[place : place + 1])
    for run in range(runs):
        assert together.document(run) == one_by_one.document(run)
