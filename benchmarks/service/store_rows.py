"""Made-up curves as training leaves them, and the rows of their runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.service.bulk_rows import Floats
from benchmarks.service.store_shapes import Shape
from core.fields import RANGE_TEST
from service.planning.measurements import SCREENED
from service.planning.run_numbers import number_columns
from service.store.identifiers import new_id

TEST_ROWS = 270
CLASSES = 10
BEGAN = 1_790_000_000_000  # milliseconds since 1970


def curves_of(
    settings: Sequence[Mapping[str, Any]], shape: Shape, source: np.random.Generator
) -> tuple[Floats, NDArray[np.bool_]]:
    """The columns of losses (runs, epochs, 7), and which runs diverge at their last epoch."""
    rates = np.repeat([math.log10(setting["learning_rate"]) for setting in settings], shape.seeds)
    runs = rates.size
    floor = 0.08 + 0.15 * (rates + 0.5) ** 2 + 0.02 * source.standard_normal(runs)
    epochs = np.arange(1, shape.epochs + 1)
    speed = 0.02 + 0.4 / (1 + np.exp(-2 * (rates + 1)))
    falling = np.exp(-speed[:, None] * epochs)
    train = (
        np.maximum(1e-3, floor)[:, None]
        + 2.2 * falling
        + 0.01 * source.standard_normal((runs, epochs.size)) ** 2
    )
    validation = train + 0.03 + 0.02 * source.standard_normal((runs, epochs.size)) ** 2
    accuracy = np.clip(1 - 0.4 * train, 0, 1), np.clip(1 - 0.4 * validation, 0, 1)
    norm = 5 * falling + 0.1 + 0.05 * source.random((runs, epochs.size))
    rate = np.broadcast_to(10 ** rates[:, None], train.shape)
    columns = np.stack([train, accuracy[0], validation, accuracy[1], rate, norm, rate * 0.01 * norm], axis=2)
    return columns, source.random(runs) < np.where(rates > 0.3, 0.3, 0.0)


def run_rows(
    shape: Shape,
    curves: Floats,
    diverged: NDArray[np.bool_],
    sweep_number: int,
    first: int,
    source: np.random.Generator,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each run's place in its sweep and its columns; the first of them has the place `first`."""
    names = ("train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
    best = curves[:, :, 2].argmin(axis=1)
    right = np.packbits(source.random((len(curves), TEST_ROWS)) < curves[:, -1, 3][:, None], axis=1)
    confusion = source.integers(0, 30, (CLASSES, CLASSES)).tolist()
    ends = [curves[:, -1], curves.min(axis=1), curves.max(axis=1), curves[np.arange(len(curves)), best]]
    for number, (last, least, most, at_best) in enumerate(
        zip(*(each.tolist() for each in ends), strict=True)
    ):
        place, lost = first + number, bool(diverged[number])
        metrics: dict[str, Any] = {
            name: {
                "min": least[column],
                "max": most[column],
                "last": "NaN" if lost and not column % 2 else last[column],
                "best": at_best[column],
            }
            for column, name in enumerate(names)
        }
        metrics["best_epoch"] = int(best[number]) + 1
        if shape.method == RANGE_TEST:
            metrics[SCREENED] = {
                "steepest": 0.1,
                "minimum": 0.5,
                "lowest_loss": last[0],
                "steps": shape.epochs,
                "suggestion": [0.01 * (1 + last[0]), 0.2],
            }
        layer = {"gradient_norm": last[5], "weight_norm": 3.25, "update_ratio": last[6]}
        metrics["layers"] = [layer, layer]
        if not lost:
            metrics |= {
                "validation_macro_f1": {"last": last[3] - 0.002},
                "test_loss": {"last": last[2] + 0.01},
                "test_accuracy": {"last": last[3] - 0.01},
                "test_macro_f1": {"last": last[3] - 0.012},
                "test_confusion": confusion,
            }
        yield (
            place,
            {
                "public_id": new_id("r"),
                "number": place + 1,
                "role": "search",
                "seed": place % shape.seeds,
                "state": "diverged" if lost else "completed",
                "reason": "the loss became NaN" if lost else None,
                "epoch": shape.epochs,
                "epochs": shape.epochs,
                "train_loss": None if lost else last[0],
                "train_score": last[1],
                "validation_loss": None if lost else last[2],
                "validation_score": last[3],
                "test_loss": None if lost else last[2] + 0.01,
                "test_score": None if lost else last[3] - 0.01,
                "best_epoch": int(best[number]) + 1,
                "metrics": metrics,
                "test_outcomes": None if lost else right[number].tobytes(),
                "collapsed": last[3] < 0.1,
                **number_columns(metrics),
                "environment_class": None,
                "weights_sha256": f"{sweep_number:032x}{place:032x}",
                "identity_sha256": f"{sweep_number:032x}{place:032x}",
                "train_seconds": shape.epochs * 0.0004,
                "started_at": BEGAN + sweep_number * 360_000 + place,
                "finished_at": BEGAN + sweep_number * 360_000 + 9_000 + place,
            },
        )
