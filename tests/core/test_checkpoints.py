"""A checkpoint that is not exactly the member's own, and whole, is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pytest

from core import population
from core.checkpoints import DIGEST_BYTES, decode, encode
from core.errors import DataError, ShapeError
from core.examples import Examples
from core.members import Member
from core.training import Population
from core.version import NUMERICS_VERSION

MakeMember = Callable[..., Member]


def test_a_checkpoint_carries_header_and_arrays_unchanged() -> None:
    arrays = {"weights": np.arange(5, dtype=np.float32), "velocity": np.array([0.1, np.nan, np.inf])}
    header, loaded = decode(encode({"epoch": 3, "seed": 2**53 - 1}, arrays))
    assert header == {"epoch": 3, "seed": 2**53 - 1}
    for name, array in arrays.items():
        assert loaded[name].dtype == array.dtype
        assert loaded[name].tobytes() == array.tobytes()


@pytest.mark.parametrize("place", [0, 30, 200, -40, -1])
def test_one_changed_byte_is_noticed(classes: Examples, member: MakeMember, place: int) -> None:
    one = member(classes)
    damaged = bytearray(Population.start([one], classes).checkpoint(0))
    damaged[place] ^= 1
    with pytest.raises(DataError):
        Population.resume([one], classes, [bytes(damaged)])


@pytest.mark.parametrize("length", [0, 10, 31, 100])
def test_a_checkpoint_cut_short_is_noticed(classes: Examples, member: MakeMember, length: int) -> None:
    one = member(classes)
    with pytest.raises(DataError):
        Population.resume([one], classes, [Population.start([one], classes).checkpoint(0)[:length]])


def test_the_digest_is_the_sha256_of_all_bytes_before_it(classes: Examples, member: MakeMember) -> None:
    checkpoint = Population.start([member(classes)], classes).checkpoint(0)
    assert checkpoint[-DIGEST_BYTES:] == hashlib.sha256(checkpoint[:-DIGEST_BYTES]).digest()


@pytest.mark.parametrize("other", [{"seed": 1}, {"learning_rate": 0.2}, {"validation": 10}], ids=str)
def test_another_members_checkpoint_is_refused(
    classes: Examples, member: MakeMember, other: dict[str, object]
) -> None:
    checkpoint = Population.start([member(classes, **other)], classes).checkpoint(0)
    with pytest.raises(DataError, match="allowed"):
        Population.resume([member(classes)], classes, [checkpoint])


def test_a_checkpoint_of_other_arithmetic_is_refused(
    classes: Examples, member: MakeMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = member(classes)
    checkpoint = Population.start([one], classes).checkpoint(0)
    monkeypatch.setattr(population, "NUMERICS_VERSION", NUMERICS_VERSION + 1)
    with pytest.raises(DataError, match="numerics_version"):
        Population.resume([one], classes, [checkpoint])


def test_checkpoints_of_two_epochs_cannot_be_resumed_together(classes: Examples, member: MakeMember) -> None:
    members = [member(classes, seed=seed) for seed in range(2)]
    start = Population.start(members, classes)
    first = start.checkpoint(0)
    start.epoch = 1
    with pytest.raises(ShapeError, match=r"epochs \[0, 1\]"):
        Population.resume(members, classes, [first, start.checkpoint(1)])


def test_every_member_needs_its_checkpoint(classes: Examples, member: MakeMember) -> None:
    with pytest.raises(ShapeError, match="0 checkpoints for 1 members"):
        Population.resume([member(classes)], classes, [])
