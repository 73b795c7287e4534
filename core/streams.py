"""Every random number comes from a generator named by seed, stream, epoch and layer, and by nothing else."""

from __future__ import annotations

from enum import IntEnum

from numpy.random import PCG64, Generator, SeedSequence


class Stream(IntEnum):
    """What the numbers are drawn for; two streams of one seed are independent."""

    WEIGHTS = 0
    SHUFFLE = 1
    DROPOUT = 2
    OPTIMIZER = 3
    SEARCH = 4
    SPLIT = 5


def generator(seed: int, stream: int, epoch: int = 0, layer: int = 0) -> Generator:
    """Return a fresh generator, so that nothing is carried from epoch to epoch or from run to run.

    Raises: ValueError if any of the four is negative.
    """
    return Generator(PCG64(SeedSequence(seed, spawn_key=(int(stream), epoch, layer))))
