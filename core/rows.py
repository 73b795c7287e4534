"""Every run names the rows it uses, and runs that name the same rows in the same order share them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.arrays import IntArray
from core.streams import Stream, generator


class RowSets:
    """The rows of all runs of a population, equal ones kept once.

    Shapes:
        order  (sets, rows), where `sets` is 1 if all runs share one order, else the number of runs
    """

    def __init__(self, rows: Sequence[IntArray], seeds: Sequence[int] | None = None) -> None:
        """Take each run's rows; with `seeds` they are shuffled anew every epoch, else they stay as given."""
        self._shuffled = seeds is not None
        keys = [(seed, chosen.tobytes()) for chosen, seed in zip(rows, seeds or [0] * len(rows), strict=True)]
        positions = {key: position for position, key in enumerate(dict.fromkeys(keys))}
        self.set_of_run = [positions[key] for key in keys]
        self._rows = [rows[self.set_of_run.index(position)] for position in range(len(positions))]
        self._seeds = [seed for seed, _ in positions]
        self.sets = 1 if len(positions) == 1 else len(rows)
        self.count = int(rows[0].size)

    def order(self, epoch: int) -> IntArray:
        """Return the rows in the order in which this epoch uses them."""
        if self._shuffled:
            orders = [
                rows[generator(seed, Stream.SHUFFLE, epoch).permutation(self.count)]
                for rows, seed in zip(self._rows, self._seeds, strict=True)
            ]
        else:
            orders = self._rows
        return orders[0][None] if self.sets == 1 else np.stack([orders[chosen] for chosen in self.set_of_run])


def spans(rows: int, size: int) -> list[tuple[int, int]]:
    """Cut `rows` examples into batches of `size`, a shorter one last where they do not divide."""
    return [(start, min(start + size, rows)) for start in range(0, rows, size)]
