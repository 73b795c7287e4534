"""With class_weight "balanced" every class weighs the same in the training loss, however rare it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.arrays import Float64Array, FloatArray, IntArray
from core.configuration import Configuration
from core.examples import Examples


def balanced(classes: IntArray, outputs: int) -> Float64Array:
    """Return n / (classes * count) for each class (outputs,), as scikit-learn does; 0 for one that is absent.

    Over the rows (n,) that they are made from, the weights have the mean 1.
    """
    counts = np.bincount(classes, minlength=outputs)
    present = counts > 0
    weights: Float64Array = np.where(
        present, classes.size / (np.count_nonzero(present) * np.maximum(counts, 1)), 0.0
    )
    return weights


def class_weights(
    configuration: Configuration, examples: Examples, train_rows: Sequence[IntArray]
) -> FloatArray | None:
    """Return what each run's classes weigh (runs, outputs) in its arithmetic; None where all weigh 1."""
    if configuration.class_weight is None:
        return None
    weights = [balanced(examples.classes[rows], examples.outputs) for rows in train_rows]
    return np.stack(weights).astype(configuration.dtype)


def representatives(examples: Examples, rows: IntArray) -> IntArray:
    """Return the first row of each class among `rows`.

    Their classes weigh the same, as they do among all rows once these are balanced: a constant answer's mean
    loss over the representatives is its balanced loss over `rows`.
    """
    first = np.unique(examples.classes[rows], return_index=True)[1]
    return rows[first]
