"""Every run names the rows it uses, and runs that name the same rows in the same order share them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.arrays import FloatArray, IntArray
from core.streams import Stream, generator


class RowSets:
    """The rows of all runs of a population, equal ones kept once.

    Shapes:
        order  (sets, rows), a set being what some runs have in common
    """

    def __init__(self, rows: Sequence[IntArray], seeds: Sequence[int] | None = None) -> None:
        """Take each run's rows; with `seeds` they are shuffled anew every epoch, else they stay as given."""
        self._shuffled = seeds is not None
        content = {id(chosen): chosen.tobytes() for chosen in {id(each): each for each in rows}.values()}
        keys = [(seed, content[id(each)]) for each, seed in zip(rows, seeds or [0] * len(rows), strict=True)]
        positions = {key: position for position, key in enumerate(dict.fromkeys(keys))}
        self.sharing = Sharing([positions[key] for key in keys])
        self._rows = [rows[self.sharing.set_of_run.index(place)] for place in range(len(positions))]
        self._seeds = [seed for seed, _ in positions]
        self.count = int(rows[0].size)

    def order(self, epoch: int) -> IntArray:
        """Return the rows in the order in which this epoch uses them."""
        if not self._shuffled:
            return np.stack(self._rows)
        return np.stack(
            [
                rows[generator(seed, Stream.SHUFFLE, epoch).permutation(self.count)]
                for rows, seed in zip(self._rows, self._seeds, strict=True)
            ]
        )


class Sharing:
    """Which runs of a population share a set of examples, and how a product over all of them is split.

    A product of every run's own matrix with its set's takes one call where all runs share one set, or where
    every set has equally many runs side by side; else it takes one for each stretch of runs with one set.
    Bits never depend on it: under each of these calls lies one product for each run.
    """

    def __init__(self, set_of_run: Sequence[int]) -> None:
        self.set_of_run = list(set_of_run)
        self.sets = len(set(self.set_of_run))
        stretches = [(place, sum(1 for _ in runs)) for place, runs in groupby(self.set_of_run)]
        lengths = {length for _, length in stretches}
        self._even = [place for place, _ in stretches] == list(range(self.sets)) and len(lengths) == 1
        self._stretches: list[tuple[int, slice]] = []
        start = 0
        for place, length in stretches:
            self._stretches.append((place, slice(start, start + length)))
            start += length

    @property
    def parts(self) -> list[Any]:
        """What each part takes of an array of sets (sets, ...), shaped to be multiplied with its runs."""
        if self.sets == 1:
            return [np.s_[:]]
        if self._even:
            return [np.s_[:, None]]
        return [np.s_[place : place + 1] for place, _ in self._stretches]

    def split(self, array: FloatArray) -> list[FloatArray]:
        """Return each part's runs of an array (runs, ...), as views."""
        if self.sets == 1:
            return [array]
        if self._even:
            return [array.reshape(self.sets, -1, *array.shape[1:])]
        return [array[runs] for _, runs in self._stretches]

    def by_run(self, array: NDArray[Any]) -> NDArray[Any]:
        """Return an array (sets, ...) repeated for every run; where all share one set, as it is."""
        return array if self.sets == 1 else array[self.set_of_run]


def spans(rows: int, size: int) -> list[tuple[int, int]]:
    """Cut `rows` examples into batches of `size`, a shorter one last where they do not divide."""
    return [(start, min(start + size, rows)) for start in range(0, rows, size)]
