"""LOSSES names every loss; one loss serves all runs of a population at once."""

from __future__ import annotations

from core.losses.logits import BinaryCrossEntropy, CrossEntropy
from core.losses.loss import Loss
from core.losses.numbers import AbsoluteError, Huber, SquaredError

__all__ = ["LOSSES", "AbsoluteError", "BinaryCrossEntropy", "CrossEntropy", "Huber", "Loss", "SquaredError"]

LOSSES: dict[str, type[Loss]] = {
    "mse": SquaredError,
    "mae": AbsoluteError,
    "huber": Huber,
    "cross_entropy": CrossEntropy,
    "binary_cross_entropy": BinaryCrossEntropy,
}
