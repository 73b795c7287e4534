"""What is taken from the store is what was put there, or it is told that it is not."""

from __future__ import annotations

import hashlib
import zlib

import numpy as np
import pytest

from service.datasets import builtin
from service.datasets.packed import hash_of_packed, pack, unpack

CONTENT = builtin.load("digits").encode()


def test_packing_takes_less_room_and_nothing_away() -> None:
    packed = pack(CONTENT)
    assert len(packed) < len(CONTENT) / 9
    assert unpack(packed, len(CONTENT)) == CONTENT
    assert hash_of_packed(packed) == (hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


def test_contents_of_earlier_versions_are_read_as_they_are() -> None:
    assert unpack(CONTENT, len(CONTENT)) == CONTENT


@pytest.mark.parametrize(
    "damage", [b"other", b"", pack(CONTENT)[:-1], pack(CONTENT)[:500], pack(CONTENT[:-1])]
)
def test_damage_is_told(damage: bytes) -> None:
    with pytest.raises(ValueError, match="content hash"):
        unpack(damage, len(CONTENT))


def test_more_than_was_stored_is_never_unpacked() -> None:
    bomb = zlib.compress(bytes(50_000_000))
    with pytest.raises(ValueError, match="does not hold 1,000 bytes"):
        unpack(bomb, 1_000)


@pytest.mark.parametrize("damage", [b"x", pack(CONTENT)[:-1], pack(CONTENT) + b"x"])
def test_compressed_bytes_that_are_not_whole_have_no_hash(damage: bytes) -> None:
    with pytest.raises(ValueError, match="compressed bytes"):
        hash_of_packed(damage)


def test_the_hash_of_much_is_that_of_its_pieces() -> None:
    content = np.random.default_rng(0).bytes(3 * 2**20 + 7) + bytes(9 * 2**20)
    assert hash_of_packed(pack(content)) == (hashlib.sha256(content).hexdigest(), len(content))
