"""The test rows are touched once, at the end of a run; regression errors are told in the user's units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from core.arrays import Float64Array, FloatArray, IntArray
from core.configuration import Configuration
from core.evaluation import Evaluated, Trained
from core.metrics import macro_f1
from service.lifecycle.materials import DatasetMaterials
from service.planning.measurements import SCORES

MOST_CONFUSED_CLASSES = 50  # with more, the counts would be larger than all else that is kept of a run
OUTPUT_BYTES = 2**26  # of the outputs of all runs that are evaluated at once


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

    scores: dict[str, float]
    errors: dict[str, float]  # what epochs do not measure, beside the loss and the score
    outcomes: bytes
    details: dict[str, list[Any]]


def final_tests(
    materials: DatasetMaterials,
    configuration: Configuration,
    seeds: Sequence[int],
    parameters: Sequence[Mapping[str, FloatArray]],
) -> list[FinalTest]:
    """Evaluate finished networks on the test rows, and on their validation rows what epochs do not measure.

    They are of one population, and `configuration` is any one of theirs. Parts without rows have no metrics.
    """
    validation, test = [materials.rows(seed)[1] for seed in seeds], [materials.test_rows] * len(seeds)
    of_one = max(validation[0].size, test[0].size, 1) * materials.examples.outputs * 8  # bytes
    at_once = max(1, OUTPUT_BYTES // of_one)  # runs; their bits do not care
    found: list[FinalTest] = []
    for start in range(0, len(seeds), at_once):
        here = slice(start, start + at_once)
        trained = Trained(configuration, parameters[here], materials.examples)
        judged = (_judge(materials, trained, rows[here]) for rows in (validation, test))
        found += [_told(*each) for each in zip(*judged, strict=True)]
    return found


def _told(validation: _Judged | None, test: _Judged | None) -> FinalTest:
    found: dict[str, float] = {}
    if validation is not None:
        found |= {f"validation_{name}": value for name, value in validation.errors.items()}
    if test is None:
        return FinalTest(found, None)
    found |= {f"test_{name}": value for name, value in (test.scores | test.errors).items()}
    return FinalTest(found, test.outcomes, {f"test_{name}": value for name, value in test.details.items()})


def _judge(
    materials: DatasetMaterials, trained: Trained, rows: Sequence[IntArray]
) -> Sequence[_Judged | None]:
    """What each network is worth on its rows; None where there are none."""
    if not rows[0].size:
        return [None] * len(rows)
    examples, found = materials.examples, trained.on(rows)
    if materials.deviations is None:
        return _judge_classes(found, examples.classes[np.stack(rows)])
    return _judge_numbers(found, examples.numbers, rows, materials.deviations)


def _judge_classes(found: Evaluated, classes: IntArray) -> list[_Judged]:
    """Judge predictions of the true `classes` (runs, rows)."""
    predicted, (runs, _, count) = found.outputs.argmax(axis=2), found.outputs.shape
    right = predicted == classes
    first = np.arange(runs)[:, None] * count  # classes are numbered through all runs, and counted at once
    truths = first + classes
    hits, predictions, occurrences = (
        np.bincount(each.ravel(), minlength=runs * count).reshape(runs, count)
        for each in (truths[right], first + predicted, truths)
    )
    details: list[dict[str, list[Any]]] = [{}] * runs
    if count <= MOST_CONFUSED_CLASSES:
        pairs = np.bincount((truths * count + predicted).ravel(), minlength=runs * count**2)
        details = [{"confusion": each} for each in pairs.reshape(runs, count, count).tolist()]
    return [
        _Judged(
            {"loss": float(found.loss[run]), SCORES["classification"]: float(found.score[run])},
            {"macro_f1": macro_f1(hits[run], predictions[run] + occurrences[run])},
            np.packbits(right[run]).tobytes(),
            details[run],
        )
        for run in range(runs)
    ]


def _judge_numbers(
    found: Evaluated, numbers: Float64Array, rows: Sequence[IntArray], deviations: FloatArray
) -> list[_Judged]:
    """Judge answers that should be the `numbers` (examples, outputs) at each run's rows."""
    judged = []
    for loss, score, outputs, chosen in zip(
        found.loss.tolist(), found.score.tolist(), found.outputs, rows, strict=True
    ):
        targets = numbers[chosen]
        residual = outputs - targets
        shares = _shares_of_variance(residual, targets)
        mae = np.abs(residual * deviations).mean(axis=0)
        rmse = np.sqrt(((residual * deviations) ** 2).mean(axis=0))
        details = {}
        if len(deviations) > 1:
            columns = zip(1.0 - shares.mean(axis=0), mae, rmse, strict=True)
            details = {
                "outputs": [{"r2": float(r), "mae": float(a), "rmse": float(q)} for r, a, q in columns]
            }
        judged.append(
            _Judged(
                {"loss": loss, SCORES["regression"]: score},
                {"mae": float(mae.mean()), "rmse": float(rmse.mean())},
                shares.mean(axis=1).astype("<f4").tobytes(),
                details,
            )
        )
    return judged


def _shares_of_variance(residual: Float64Array, targets: Float64Array) -> Float64Array:
    """Each row's squared errors over the targets' variance (rows, outputs): 1 minus their mean is R2.

    A constant output has no variance. As in `core.metrics.r_squared`, its R2 is 1 if it is met exactly and 0
    otherwise, whichever rows miss it.
    """
    variance = targets.var(axis=0)
    varies = (targets != targets[0]).any(axis=0) & (
        variance > 0
    )  # of a constant it may be 1e-34, by rounding
    missed = (residual != 0.0).any(axis=0).astype(np.float64)
    return np.where(varies, residual**2 / np.where(varies, variance, 1.0), missed)
