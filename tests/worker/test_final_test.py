"""The counts and errors that a finished run is stored with are scikit-learn's (benchmarks.oracles)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.configuration import resolve
from core.examples import Examples
from service.datasets.split import SplitPlan
from service.lifecycle.materials import Aims, DatasetMaterials
from worker.final_test import FinalTest, final_tests

FILE = Path(__file__).parents[1] / "core" / "oracles" / "scikit_learn.json"
RECORDED: dict[str, Any] = json.loads(FILE.read_text())


def stored_for(examples: Examples, deviations: Any) -> FinalTest:
    """Test a linear network that passes its inputs on, on every row."""
    rows, nobody = np.arange(examples.rows), np.empty(0, np.int64)
    split = SplitPlan("ordered", 0, examples.rows, rows, (), (nobody, nobody))
    aims = Aims(examples.task, "test_loss", "minimize", "none")
    materials = DatasetMaterials(aims, examples, split, deviations)
    configuration = resolve({"hidden_layers": [], "dtype": "float64"}, task=examples.task)
    passing = {"layers.0.weight": np.eye(examples.outputs), "layers.0.bias": np.zeros(examples.outputs)}
    (found,) = final_tests(materials, configuration, [0], [passing])
    return found


@pytest.mark.parametrize("name", RECORDED["classification"])
def test_confusion_has_a_row_for_each_truth_and_a_column_for_each_answer(name: str) -> None:
    recorded = RECORDED["classification"][name]
    logits = np.array(recorded["logits"])
    found = stored_for(
        Examples(logits, np.array(recorded["truths"]), logits.shape[1], "classification"), None
    )
    assert found.details["test_confusion"] == recorded["confusion"]
    assert found.metrics["test_macro_f1"] == pytest.approx(recorded["macro_f1"], rel=1e-13)
    assert found.metrics["test_accuracy"] == pytest.approx(recorded["accuracy"], rel=1e-13)


@pytest.mark.parametrize("name", RECORDED["regression"])
def test_errors_of_standardized_targets_are_those_in_the_users_units(name: str) -> None:
    recorded = RECORDED["regression"][name]
    answers, truths = np.array(recorded["answers"]), np.array(recorded["truths"])
    # Fitted to other rows, where an output that is constant here may well vary.
    deviations = np.where(truths.std(axis=0) > 0.0, truths.std(axis=0), 2.0)
    examples = Examples(answers / deviations, truths / deviations, truths.shape[1], "regression")
    found = stored_for(examples, deviations)
    for metric in ("r2", "mae", "rmse"):
        assert found.metrics[f"test_{metric}"] == pytest.approx(recorded[metric], rel=1e-13), metric
    if truths.shape[1] > 1:
        for metric, expected in recorded["by output"].items():
            by_output = [output[metric] for output in found.details["test_outputs"]]
            assert by_output == pytest.approx(expected, rel=1e-13), metric


def test_a_constant_output_counts_nothing_however_its_sum_is_rounded() -> None:
    truths = np.column_stack((np.full(7, 0.1), np.arange(7.0)))
    assert truths[:, 0].var() > 0.0
    found = stored_for(
        Examples(np.column_stack((truths[:, 1], truths[:, 1])), truths, 2, "regression"), np.ones(2)
    )
    assert [output["r2"] for output in found.details["test_outputs"]] == [0.0, 1.0]
    assert found.metrics["test_r2"] == 0.5
    assert found.outcomes is not None
    assert np.frombuffer(found.outcomes, "<f4").tolist() == [0.5] * 7
