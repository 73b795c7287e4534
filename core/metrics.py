"""What a network's answers are worth, in the conventions of scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.arrays import Float64Array, IntArray


@dataclass(frozen=True)
class Metrics:
    """Loss and scores on some rows, in the examples' units; what does not apply to the task is None."""

    loss: float
    accuracy: float | None = None
    macro_f1: float | None = None
    r2: float | None = None
    mae: float | None = None
    rmse: float | None = None

    @property
    def score(self) -> float:
        """Accuracy in classification, R2 in regression."""
        score = self.accuracy if self.accuracy is not None else self.r2
        return float("nan") if score is None else score


def classification_metrics(loss: float, predicted: IntArray, classes: IntArray, outputs: int) -> Metrics:
    """Return accuracy, and F1 averaged over the classes that occur among predictions or truths (rows,)."""
    hits = np.bincount(classes[predicted == classes], minlength=outputs)
    named = np.bincount(predicted, minlength=outputs) + np.bincount(classes, minlength=outputs)
    return Metrics(loss, accuracy=float(hits.sum() / classes.size), macro_f1=macro_f1(hits, named))


def macro_f1(hits: IntArray, named: IntArray) -> float:
    """Return F1 averaged over the classes that occur.

    Of each class `hits` counts how often it was rightly predicted, and `named` how often it was predicted
    plus how often it was the truth.
    """
    occurring = named > 0
    f1 = 2.0 * hits[occurring] / named[occurring]
    return float(f1.mean())


def regression_metrics(loss: float, r2: float, residual: Float64Array) -> Metrics:
    """Return R2 as given, with MAE and RMSE averaged over outputs; `residual` is (rows, outputs)."""
    rmse = float(np.sqrt(np.mean(residual**2, axis=0)).mean())
    return Metrics(loss, r2=r2, mae=float(np.mean(np.abs(residual))), rmse=rmse)


def r_squared(left: Float64Array, spread: Float64Array) -> Float64Array:
    """Return R2 averaged over outputs (runs,), from residual squares and squares about the mean, by output.

    A constant output counts 1 if it is met exactly and 0 otherwise.
    """
    varies = spread > 0.0
    explained = np.where(varies, 1.0 - left / np.where(varies, spread, 1.0), np.where(left == 0.0, 1.0, 0.0))
    mean: Float64Array = np.add.reduce(explained, axis=1) / explained.shape[1]
    return mean
