"""Batches are copied out of one table, and copied once where every run of a population sees the same rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.arrays import FloatArray, IntArray
from core.examples import Examples


@dataclass(frozen=True, eq=False)
class Batch:
    """The examples of one step; `sets` is 1 where all runs see the same rows, else the number of runs.

    Shapes:
        inputs   (sets, batch, features)
        targets  (sets, batch, outputs), numbers or one-hot classes; no columns where the loss wants classes
        classes  (sets, batch), 0 in regression
    """

    inputs: FloatArray
    targets: FloatArray
    classes: IntArray


@dataclass(frozen=True, eq=False)
class Table:
    """All examples in the type of the arithmetic, shaped like a batch of one set without its first axis."""

    inputs: FloatArray
    targets: FloatArray
    classes: IntArray

    @classmethod
    def of(cls, examples: Examples, loss: str, dtype: np.dtype) -> Table:
        """Cast the examples once, classes to one-hot targets if the loss compares numbers."""
        inputs = examples.inputs.astype(dtype)
        if examples.task == "regression":
            return cls(inputs, examples.numbers.astype(dtype), np.zeros(examples.rows, np.int64))
        classes = examples.classes
        one_hot = np.eye(examples.outputs, dtype=dtype)[classes] if loss != "cross_entropy" else inputs[:, :0]
        return cls(inputs, np.ascontiguousarray(one_hot), classes)

    def batches(self, sets: int, rows: int) -> BatchSource:
        """Prepare memory for batches of one size."""
        return BatchSource(self, sets, rows)


class BatchSource:
    """Memory for batches of one size, filled anew by each `gather`."""

    def __init__(self, table: Table, sets: int, rows: int) -> None:
        self._table = table
        self._batch = Batch(
            inputs=np.empty((sets, rows, table.inputs.shape[1]), table.inputs.dtype),
            targets=np.empty((sets, rows, table.targets.shape[1]), table.targets.dtype),
            classes=np.empty((sets, rows), np.int64),
        )

    def gather(self, rows: IntArray) -> Batch:
        """Return the examples at `rows` (sets, batch), which the caller knows to lie within the table."""
        table, batch = self._table, self._batch
        # The default mode checks bounds through a buffer, which costs a second copy.
        np.take(table.inputs, rows, axis=0, out=batch.inputs, mode="clip")
        if table.targets.shape[1]:
            np.take(table.targets, rows, axis=0, out=batch.targets, mode="clip")
        np.take(table.classes, rows, out=batch.classes, mode="clip")
        return batch
