"""Of every example, whether its right class has the largest output, the first one counting among equals."""

from __future__ import annotations

import numpy as np

from core.arrays import BoolArray, FloatArray, empty
from core.batches import Batch

FEW = 8  # runs: up to here fewer calls are faster, beyond it fewer passes


class Answers:
    """What a population's outputs say of classes, for batches of one size.

    Both ways of finding out give the same answers, so that bits do not depend on how many runs there are.

    Shapes:
        outputs         (runs, outputs, batch)
        largest, right  (runs, batch) the largest output, and that of the right class, after `look`
    """

    def __init__(self, shape: tuple[int, int, int], dtype: np.dtype) -> None:
        """Prepare for outputs of this shape."""
        runs, outputs, batch = shape
        self._few = runs <= FEW
        self.largest = empty((runs, batch), dtype)
        self.right = empty((runs, batch), dtype)
        self._equal: BoolArray = np.empty(shape, np.bool_)
        # In each round the front half meets the back half; of an odd number they share the one between.
        self._halves: list[FloatArray] = []
        while outputs > 2 and not self._few:
            outputs = -(-outputs // 2)
            self._halves.append(empty((runs, outputs, batch), dtype))

    def look(self, outputs: FloatArray, batch: Batch) -> None:
        """Find the largest outputs and the right ones."""
        if self._few:
            np.maximum.reduce(outputs, axis=1, out=self.largest)
        else:
            left = outputs
            for half in self._halves:
                width = half.shape[1]
                left = np.maximum(left[:, :width], left[:, -width:], out=half)
            np.maximum(left[:, 0], left[:, -1], out=self.largest)
        if batch.positions.shape[0] == 1:
            by_run = outputs.reshape(outputs.shape[0], -1)
            by_run.take(batch.positions[0], axis=1, out=self.right, mode="clip")
        else:
            outputs.reshape(-1).take(batch.positions, out=self.right, mode="clip")

    def hits(self, outputs: FloatArray, batch: Batch, out: BoolArray, *, looked: bool = False) -> None:
        """Tell which examples are right (runs, batch); `looked` says that these outputs were looked at."""
        if not self._few:
            if not looked:
                self.look(outputs, batch)
            np.equal(outputs, self.largest[:, None], out=self._equal)
            if np.count_nonzero(self._equal) == out.size:
                np.equal(self.right, self.largest, out=out)
                return
            # There are equals, or something is NaN.
        np.equal(outputs.argmax(axis=1), batch.classes, out=out)
