"""The drawn tables follow their formulas, and are the same on every machine."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import islice

import numpy as np
import pytest
from sklearn.datasets import make_moons

from service.datasets import builtin, generated
from service.datasets.table import FloatArray

# Whoever changes one of these changes what every sweep over the table means: give it another name instead.
HASHES = {
    "xor": "f767ae835336f7c4b4f6576260465cd9b82d0988414470965e7953af07159921",
    "two_spirals": "621d6565c3bc72fc7e9367054fa3fed6de106ec22fdd809d39ce3ed1f16250f3",
    "moons": "8ade55c149cd8595a5c5cdc4988a73eebc592256a5714350592ad7a3edc6650f",
}


def points(name: str) -> FloatArray:
    return np.stack([np.asarray(values, dtype=np.float64) for values in builtin.load(name).values], axis=1)


def array(drawn: Iterable[generated.Point]) -> FloatArray:
    return np.array(list(drawn))


@pytest.mark.parametrize("name", HASHES)
def test_a_drawn_table_never_changes(name: str) -> None:
    assert builtin.load(name).content_hash == HASHES[name]


@pytest.mark.parametrize("name", HASHES)
def test_no_coordinate_is_so_near_to_where_rounding_turns_that_another_sine_could_turn_it(name: str) -> None:
    exact = array(generated.GENERATORS[name]())[:, :2] * 10**generated.DECIMALS
    assert np.abs(exact - np.floor(exact) - 0.5).min() > 1e-6


def test_the_numbers_are_splitmix64s() -> None:
    # The first outputs for the seed 1234567, https://rosettacode.org/wiki/Pseudo-random_numbers/Splitmix64
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert [int(u * 2**53) for u in islice(generated.uniform(1234567), 3)] == [n >> 11 for n in expected]


def test_xor_is_one_where_exactly_one_coordinate_is_negative() -> None:
    table = points("xor")
    assert np.array_equal(table[:, 2], (table[:, 0] * table[:, 1] < 0).astype(float))
    assert np.abs(table[:, :2]).min() >= generated.XOR_MARGIN
    assert np.abs(table[:, :2]).max() <= 1
    quadrants = {(bool(x > 0), bool(y > 0)) for x, y, _ in table}
    assert len(quadrants) == 4
    assert {tuple(sorted(map(float, pair))) for pair in table[:, 2].reshape(-1, 2)} == {(0.0, 1.0)}


def test_the_spirals_have_their_published_first_and_last_points() -> None:
    table = points("two_spirals")
    assert table[0].tolist() == [0.0, 6.5, 0.0]
    assert table[1].tolist() == [0.0, -6.5, 1.0]
    radii = np.hypot(table[::2, 0], table[::2, 1])
    assert radii == pytest.approx(6.5 * (104 - np.arange(97)) / 104, abs=1e-6)
    turns = np.unwrap(np.arctan2(table[::2, 0], table[::2, 1]))
    assert turns[-1] == pytest.approx(6 * math.pi, abs=1e-5)  # three times around
    assert np.array_equal(table[::2, :2], -table[1::2, :2])


def test_the_moons_without_noise_are_scikit_learns() -> None:
    theirs, classes = make_moons(2 * generated.MOON_POINTS, shuffle=False, noise=None)
    ours = array(generated.moons(noise=0.0))
    for moon in (0, 1):
        assert ours[ours[:, 2] == moon, :2] == pytest.approx(theirs[classes == moon], abs=1e-12)


def test_the_noise_of_the_moons_has_its_deviation() -> None:
    difference = array(generated.moons())[:, :2] - array(generated.moons(noise=0.0))[:, :2]
    assert difference.mean() == pytest.approx(0, abs=0.01)
    assert difference.std() == pytest.approx(generated.MOON_NOISE, rel=0.05)
