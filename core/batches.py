"""Batches are slices of a stretch of examples, copied out of one table for all runs that see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from core.arrays import FloatArray, IntArray
from core.examples import Examples
from core.rows import Sharing

STRETCH_BYTES = 2**19  # of inputs copied out at once: few calls, and still in the cache when their step comes


class Batch(NamedTuple):
    """The examples of one step.

    `sets` is the number of sets that runs share; `wide` is 1 if they all share one, else the number of runs.

    Shapes:
        inputs     (sets, batch, features), or (sets, batch, features + 1) with a last column of ones
        targets    (wide, outputs, batch), numbers or one-hot classes
        classes    (wide, batch), 0 in regression
        positions  (wide, batch), where the right class's output stands: of all outputs of its run in a row
                   if `wide` is 1, else of those of the whole population
    """

    inputs: FloatArray
    targets: FloatArray
    classes: IntArray
    positions: IntArray


@dataclass(frozen=True, eq=False)
class Table:
    """All examples in the type of the arithmetic.

    Shapes:
        inputs   (rows, features), or (rows, features + 1) with a last column of ones
        targets  (rows, outputs), classes as one-hot
        classes  (rows,), 0 in regression
    """

    inputs: FloatArray
    targets: FloatArray
    classes: IntArray

    @classmethod
    def of(cls, examples: Examples, dtype: np.dtype, *, joins_bias: bool) -> Table:
        """Cast the examples once; with `joins_bias` inputs end with the ones that a bias is multiplied by."""
        inputs = with_ones(examples.inputs.astype(dtype)) if joins_bias else examples.inputs.astype(dtype)
        if examples.task == "regression":
            return cls(inputs, examples.numbers.astype(dtype), np.zeros(examples.rows, np.int64))
        classes = examples.classes
        return cls(inputs, np.eye(examples.outputs, dtype=dtype)[classes], classes)

    def batch(self, rows: IntArray) -> Batch:
        """Return the examples at `rows` (batch,), which the caller knows to lie within the table, as one."""
        alone = Batches(self, [(0, rows.size)], Sharing([0]))
        alone.begin(rows[None])
        return alone[0]


class Batches:
    """The batches of an epoch, copied out a stretch at a time, and good until the next stretch."""

    def __init__(self, table: Table, spans: Sequence[tuple[int, int]], sharing: Sharing) -> None:
        """Prepare for epochs that are cut at `spans`, whose batches are of one size but for the last."""
        self._spans = spans
        size, last = spans[0][1] - spans[0][0], spans[-1][1] - spans[-1][0]
        self._whole = len(spans) - (last != size)  # batches of that size
        of_one = sharing.sets * size * table.inputs.shape[1] * table.inputs.itemsize
        self._stretch = max(1, min(self._whole, STRETCH_BYTES // of_one))  # batches
        self._block = _Block(table, self._stretch, size, sharing)
        self._rest = _Block(table, 1, last, sharing) if last != size else None
        self._order: IntArray = np.empty((0, 0), np.int64)
        self._here = range(0)  # the batches in the block
        self._rest_is_here = False

    def begin(self, order: IntArray) -> None:
        """Take the rows of an epoch (sets, rows), which the caller knows to lie within the table."""
        if not np.array_equal(order, self._order):
            self._order, self._here, self._rest_is_here = order, range(0), False

    def from_here(self, step: int, most: int) -> Sequence[Batch]:
        """Return the batch of a step with those of one size that follow and are at hand, so many at most."""
        first = self[step]
        if step not in self._here:
            return [first]
        place = step - self._here.start
        return self._block.batches[place : min(place + most, len(self._here))]

    def __getitem__(self, step: int) -> Batch:
        """Return the batch of a step, counted from 0."""
        if step == self._whole and self._rest is not None:
            if not self._rest_is_here:
                self._rest.fill(self._order[:, self._spans[step][0] :])
                self._rest_is_here = True
            return self._rest.batches[0]
        if step not in self._here:
            first = step - step % self._stretch
            self._here = range(first, min(first + self._stretch, self._whole))
            self._block.fill(self._order[:, self._spans[first][0] : self._spans[self._here[-1]][1]])
        return self._block.batches[step - self._here.start]


class _Block:
    """Memory for some batches of one size, each of whose arrays lies in one piece."""

    def __init__(self, table: Table, count: int, size: int, sharing: Sharing) -> None:
        self._table, self._size, self._sharing = table, size, sharing
        features, outputs = table.inputs.shape[1], table.targets.shape[1]
        wide = 1 if sharing.sets == 1 else len(sharing.set_of_run)
        self._inputs = np.empty((sharing.sets, count * size, features), table.inputs.dtype)
        self._targets = np.empty((count, wide, outputs, size), table.targets.dtype)
        self._classes = np.empty((count, wide, size), np.int64)
        self._positions = np.empty_like(self._classes)
        self._first = np.arange(wide)[:, None] * (outputs * size) + np.arange(size)
        self.batches = [
            Batch(
                self._inputs[:, place * size : (place + 1) * size],
                self._targets[place],
                self._classes[place],
                self._positions[place],
            )
            for place in range(count)
        ]

    def fill(self, rows: IntArray) -> None:
        """Copy out the examples at `rows` (sets, batches * size), for all batches or the first ones."""
        table, size, by_run = self._table, self._size, self._sharing.by_run
        count = rows.shape[1] // size
        for place, chosen in enumerate(rows):
            # The default mode checks bounds through a buffer, which costs a second copy.
            np.take(table.inputs, chosen, axis=0, out=self._inputs[place, : rows.shape[1]], mode="clip")
        targets = by_run(table.targets.take(rows, axis=0)).reshape(-1, count, size, table.targets.shape[1])
        np.copyto(self._targets[:count], targets.transpose(1, 0, 3, 2))
        classes, positions = self._classes[:count], self._positions[:count]
        np.copyto(classes, by_run(table.classes.take(rows)).reshape(-1, count, size).transpose(1, 0, 2))
        np.multiply(classes, size, out=positions)
        np.add(positions, self._first, out=positions)


def with_ones(inputs: FloatArray) -> FloatArray:
    """Return inputs (..., features) with a last column of ones."""
    ones = np.ones((*inputs.shape[:-1], 1), inputs.dtype)
    return np.concatenate((inputs, ones), axis=-1)
