"""Metrics and balanced weights are scikit-learn's, on answers that it judged once (benchmarks.oracles)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.class_weights import balanced
from core.configuration import resolve
from core.evaluation import evaluate, predict
from core.examples import Examples
from core.metrics import Metrics

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "oracles" / "scikit_learn.json").read_text())
CLASSIFICATION: dict[str, Any] = RECORDED["classification"]
REGRESSION: dict[str, Any] = RECORDED["regression"]


def judged(answers: list[list[float]], examples: Examples) -> Metrics:
    """Evaluate a linear network that passes its inputs on, so that they are its answers."""
    outputs = len(answers[0])
    configuration = resolve({"hidden_layers": [], "dtype": "float64"}, task=examples.task)
    passing = {"layers.0.weight": np.eye(outputs), "layers.0.bias": np.zeros(outputs)}
    assert np.array_equal(
        predict(configuration, passing, np.array(answers)).argmax(axis=1), np.argmax(answers, axis=1)
    )
    return evaluate(configuration, passing, examples, np.arange(len(answers)))


@pytest.mark.parametrize("name", CLASSIFICATION)
def test_log_loss_accuracy_and_macro_f1_are_scikit_learns(name: str) -> None:
    recorded = CLASSIFICATION[name]
    truths = np.array(recorded["truths"], np.int64)
    found = judged(
        recorded["logits"],
        Examples(np.array(recorded["logits"]), truths, len(recorded["logits"][0]), "classification"),
    )
    for metric in ("loss", "accuracy", "macro_f1"):
        assert getattr(found, metric) == pytest.approx(recorded[metric], rel=1e-13), metric


@pytest.mark.parametrize("name", REGRESSION)
def test_squared_error_r2_mae_and_rmse_are_scikit_learns_uniform_averages_over_outputs(name: str) -> None:
    recorded = REGRESSION[name]
    truths = np.array(recorded["truths"])
    found = judged(
        recorded["answers"], Examples(np.array(recorded["answers"]), truths, truths.shape[1], "regression")
    )
    for metric in ("loss", "r2", "mae", "rmse"):
        assert getattr(found, metric) == pytest.approx(recorded[metric], rel=1e-13), metric


@pytest.mark.parametrize("name", RECORDED["class_weights"])
def test_balanced_weights_are_scikit_learns(name: str) -> None:
    recorded = RECORDED["class_weights"][name]
    found = balanced(np.array(recorded["classes"]), len(recorded["weights"]))
    assert found.tolist() == pytest.approx(recorded["weights"], rel=1e-15)
