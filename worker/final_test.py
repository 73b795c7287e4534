"""The test rows are touched once, at the end of a run; regression errors are told in the user's units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from core.arrays import Float64Array, FloatArray, IntArray
from core.configuration import Configuration
from core.evaluation import evaluate, predict
from core.metrics import classification_metrics
from service.lifecycle.materials import DatasetMaterials

MOST_CONFUSED_CLASSES = 50  # with more, the counts would be larger than all else that is kept of a run


@dataclass(frozen=True, slots=True)
class FinalTest:
    """Metrics by public name, and what each test row contributes to the score: bits, or float32.

    `details` has `test_confusion`, counts with a row for each true and a column for each predicted class, or
    `test_outputs`, R2, MAE and RMSE of each of several outputs.
    """

    metrics: Mapping[str, float]
    outcomes: bytes | None
    details: Mapping[str, list[Any]] = field(default_factory=dict)


UNTESTED = FinalTest({}, None)  # a run that diverged, or one over a function


class _Judged(NamedTuple):
    """How a network's answers on some rows compare with the targets; names without their part."""

    errors: dict[str, float]  # beside the loss and the score
    outcomes: bytes
    details: dict[str, list[Any]]


def final_test(
    materials: DatasetMaterials, configuration: Configuration, seed: int, parameters: Mapping[str, FloatArray]
) -> FinalTest:
    """Evaluate a finished network on the test rows, and on its validation rows what epochs do not measure.

    Parts without rows have no metrics.
    """

    def judge(rows: IntArray) -> _Judged:
        examples = materials.examples
        outputs = predict(configuration, parameters, np.ascontiguousarray(examples.inputs[rows]))
        if materials.deviations is None:
            return _judge_classes(outputs, examples.classes[rows])
        return _judge_numbers(outputs, examples.numbers[rows], materials.deviations)

    found: dict[str, float | None] = {}
    validation, rows = materials.rows(seed)[1], materials.test_rows
    if validation.size:
        found |= {f"validation_{name}": value for name, value in judge(validation).errors.items()}
    outcomes, details = None, {}
    if rows.size:
        metrics, judged = evaluate(configuration, parameters, materials.examples, rows), judge(rows)
        scores = {"loss": metrics.loss, "accuracy": metrics.accuracy, "r2": metrics.r2, **judged.errors}
        found |= {f"test_{name}": value for name, value in scores.items()}
        outcomes = judged.outcomes
        details = {f"test_{name}": value for name, value in judged.details.items()}
    return FinalTest({name: value for name, value in found.items() if value is not None}, outcomes, details)


def _judge_classes(outputs: Float64Array, classes: IntArray) -> _Judged:
    predicted, count = outputs.argmax(axis=1), outputs.shape[1]
    macro_f1 = classification_metrics(0.0, predicted, classes, count).macro_f1
    details = {}
    if count <= MOST_CONFUSED_CLASSES:
        pairs = np.bincount(classes * count + predicted, minlength=count**2)
        details = {"confusion": pairs.reshape(count, count).tolist()}
    return _Judged(
        {} if macro_f1 is None else {"macro_f1": macro_f1},
        np.packbits(predicted == classes).tobytes(),
        details,
    )


def _judge_numbers(outputs: Float64Array, targets: Float64Array, deviations: FloatArray) -> _Judged:
    residual = outputs - targets
    shares = _shares_of_variance(residual, targets)
    mae = np.abs(residual * deviations).mean(axis=0)
    rmse = np.sqrt(((residual * deviations) ** 2).mean(axis=0))
    details = {}
    if len(deviations) > 1:
        columns = zip(1.0 - shares.mean(axis=0), mae, rmse, strict=True)
        details = {"outputs": [{"r2": float(r), "mae": float(a), "rmse": float(q)} for r, a, q in columns]}
    return _Judged(
        {"mae": float(mae.mean()), "rmse": float(rmse.mean())},
        shares.mean(axis=1).astype("<f4").tobytes(),
        details,
    )


def _shares_of_variance(residual: Float64Array, targets: Float64Array) -> Float64Array:
    """Each row's squared errors over the targets' variance (rows, outputs): 1 minus their mean is R2.

    A constant output, which has no variance, counts as met.
    """
    variance = targets.var(axis=0)
    varies = variance > 0
    return np.where(varies, residual**2 / np.where(varies, variance, 1.0), 0.0)
