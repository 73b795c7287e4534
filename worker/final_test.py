"""The test rows are touched once, at the end of a run; regression errors are told in the user's units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.arrays import FloatArray
from core.configuration import Configuration
from core.evaluation import evaluate, predict
from service.lifecycle.materials import Materials


@dataclass(frozen=True, slots=True)
class FinalTest:
    """Metrics by public name, and what each test row contributes to the score: bits, or float32."""

    metrics: Mapping[str, float]
    outcomes: bytes | None


def final_test(
    materials: Materials, configuration: Configuration, parameters: Mapping[str, FloatArray]
) -> FinalTest:
    """Evaluate a finished network on the test rows; nothing where the split has none."""
    rows = materials.test_rows
    if not rows.size:
        return FinalTest({}, None)
    metrics = evaluate(configuration, parameters, materials.examples, rows)
    outputs = predict(configuration, parameters, np.ascontiguousarray(materials.examples.inputs[rows]))
    targets = materials.examples.targets[rows].astype(np.float64)
    if materials.deviations is None:
        right = outputs.argmax(axis=1) == targets
        found = {"loss": metrics.loss, "accuracy": metrics.accuracy, "macro_f1": metrics.macro_f1}
        outcomes = np.packbits(right).tobytes()
    else:
        residual = outputs - targets
        in_units = residual * materials.deviations
        found = {
            "loss": metrics.loss,
            "r2": metrics.r2,
            "mae": float(np.abs(in_units).mean()),
            "rmse": float(np.sqrt((in_units**2).mean(axis=0)).mean()),
        }
        outcomes = _shares_of_variance(residual, targets).astype("<f4").tobytes()
    return FinalTest({f"test_{name}": value for name, value in found.items() if value is not None}, outcomes)


def _shares_of_variance(residual: FloatArray, targets: FloatArray) -> FloatArray:
    """Each row's squared error over the targets' variance (rows,): 1 minus their mean is R2.

    A constant output, which has no variance, counts as met.
    """
    variance = targets.var(axis=0)
    varies = variance > 0
    shares = np.where(varies, residual**2 / np.where(varies, variance, 1.0), 0.0)
    return np.asarray(shares.mean(axis=1))
