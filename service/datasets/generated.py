"""Three tables are drawn by formulas, with the same bits on every machine.

A coordinate is rounded to six decimals: what the libraries of different systems make of a sine differs in the
sixteenth. The noise comes from SplitMix64 (S. Vigna, https://prng.di.unimi.it/splitmix64.c), which is whole
numbers alone. Classes alternate, so that an ordered split has both in every part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from service.datasets.table import Column, Table

DECIMALS = 6
SEED = 20_260_101
Point = tuple[float, float, int]

XOR_ROWS = 400
XOR_MARGIN = 0.05  # no point is nearer to an axis
QUADRANTS = ((1, 1), (-1, 1), (-1, -1), (1, -1))
SPIRAL_POINTS = 97  # of each spiral
MOON_POINTS = 250  # of each moon
MOON_NOISE = 0.1  # standard deviation


def xor() -> Iterator[Point]:
    """Points of the square from -1 to 1; the class is 1 where exactly one coordinate is negative."""
    draw = uniform(SEED)
    for row in range(XOR_ROWS):
        x, y = (sign * (XOR_MARGIN + (1 - XOR_MARGIN) * next(draw)) for sign in QUADRANTS[row % 4])
        yield x, y, int((x < 0) != (y < 0))


def two_spirals() -> Iterator[Point]:
    """Two spirals of three turns about each other.

    K. J. Lang and M. J. Witbrock, "Learning to tell two spirals apart", Proc. 1988 Connectionist Models
    Summer School: point i has the angle i pi / 16 and the radius 6.5 (104 - i) / 104; the other spiral is the
    first one turned by half a circle.
    """
    for i in range(SPIRAL_POINTS):
        angle, radius = i * math.pi / 16, 6.5 * (104 - i) / 104
        x, y = radius * math.sin(angle), radius * math.cos(angle)
        yield x, y, 0
        yield -x, -y, 1


def moons(noise: float = MOON_NOISE) -> Iterator[Point]:
    """Two half circles that reach into each other, as scikit-learn's `make_moons` draws them.

    With t from 0 to pi they are (cos t, sin t) and (1 - cos t, 1/2 - sin t). The noise on each coordinate is
    the sum of twelve uniform numbers less six, which is nearly normal (mean 0, deviation 1), times `noise`.
    """
    draw = uniform(SEED)

    def noisy(value: float) -> float:
        return value + noise * (sum(next(draw) for _ in range(12)) - 6)

    for i in range(MOON_POINTS):
        t = math.pi * i / (MOON_POINTS - 1)
        yield noisy(math.cos(t)), noisy(math.sin(t)), 0
        yield noisy(1 - math.cos(t)), noisy(0.5 - math.sin(t)), 1


def uniform(seed: int) -> Iterator[float]:
    """Uniform numbers in [0, 1): the upper 53 bits of SplitMix64's."""
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % 2**64
        yield ((mixed ^ (mixed >> 31)) >> 11) / 2**53


GENERATORS: Mapping[str, Callable[[], Iterator[Point]]] = {
    "xor": xor,
    "two_spirals": two_spirals,
    "moons": moons,
}


def table(name: str, target: str, licence: str, source: str) -> Table:
    """The table of this generator: columns `x` and `y`, and its classes 0 and 1 in the column `target`."""
    points = np.array(list(GENERATORS[name]()))
    columns = tuple(Column(title, "number") for title in ("x", "y", target))
    values = (np.round(points[:, 0], DECIMALS), np.round(points[:, 1], DECIMALS), points[:, 2])
    return Table(name, columns, values, licence, source)
