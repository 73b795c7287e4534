"""A sweep is refused at submit where its runs would have nothing to stop by, or no common value."""

from __future__ import annotations

import pytest

from core.configuration import resolve
from service.planning.early_stopping import faults


@pytest.mark.parametrize(
    "values",
    [
        {"patience": 3},
        {"stop_generalization_loss": 5.0, "validate_every": 5},
        {"restore_best": True},
    ],
    ids=" ".join,
)
def test_rules_on_validation_need_validation_rows(values: dict[str, object]) -> None:
    configurations = [resolve(values, task="classification"), resolve({}, task="classification")][:1]
    assert faults(configurations, "final", 20) == []
    (fault,) = faults(configurations, "final", 0)
    assert fault.path == f"parameters.{next(iter(values))}"
    assert "needs validation rows" in fault.message


def test_every_rule_that_lacks_rows_is_named_once() -> None:
    configurations = [
        resolve({"patience": patience, "restore_best": True}, task="classification") for patience in (1, 2)
    ]
    paths = [fault.path for fault in faults(configurations, "both", 0)]
    assert paths == ["parameters.patience", "parameters.restore_best", "keep_weights"]


def test_progress_of_the_training_loss_needs_no_validation_rows() -> None:
    values = {"stop_progress": 0.5, "validate_every": 5}
    assert faults([resolve(values, task="regression")], "final", 0) == []


@pytest.mark.parametrize("which", ["best", "both"])
def test_best_weights_need_validation_rows(which: str) -> None:
    configuration = resolve({}, task="classification")
    assert faults([configuration], which, 1) == []
    assert [fault.path for fault in faults([configuration], which, 0)] == ["keep_weights"]


def test_a_sweep_has_one_rule_for_the_value_of_a_run() -> None:
    both = [resolve({"restore_best": which}, task="classification") for which in (True, False)]
    (fault,) = faults(both, "final", 20)
    assert fault.path == "parameters.restore_best"
    assert "what a run's value is" in fault.message
