"""Random numbers depend on seed, stream, epoch and layer, and on nothing that was drawn before."""

from __future__ import annotations

import numpy as np

from core.streams import Stream, generator


def test_a_generator_is_numpys_pcg64_under_the_documented_key() -> None:
    key = (Stream.SHUFFLE, 3, 0)
    expected = np.random.Generator(np.random.PCG64(np.random.SeedSequence(7, spawn_key=key))).random(4)
    assert generator(7, Stream.SHUFFLE, epoch=3).random(4).tolist() == expected.tolist()


def test_each_part_of_the_key_makes_other_numbers() -> None:
    keys = [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1)]
    assert len({float(generator(*key).random()) for key in keys}) == len(keys)


def test_the_streams_have_the_numbers_that_the_design_gives_them() -> None:
    assert [stream.name.lower() for stream in Stream] == [
        "weights",
        "shuffle",
        "dropout",
        "optimizer",
        "search",
        "split",
    ]
    assert list(map(int, Stream)) == [0, 1, 2, 3, 4, 5]


def test_the_largest_seed_that_json_can_carry_is_accepted() -> None:
    assert 0.0 <= generator(2**53 - 1, Stream.WEIGHTS).random() < 1.0
