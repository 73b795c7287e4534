"""Public identifiers: a letter for the kind and a UUIDv7, so that they sort by age."""

from __future__ import annotations

import os
import struct
import time
from typing import Literal

Kind = Literal["s", "r", "d", "p", "v", "o"]  # sweep, run, dataset, population, verification, owner


def new_id(kind: Kind) -> str:
    """A new identifier such as `s_019ab3c4-...` (RFC 9562, version 7).

    48 bits of Unix milliseconds, 12 bits of the millisecond's fraction (method 3 of section 6.2), so that a
    process's identifiers sort in the order in which they were made, and 62 random bits.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    value = (milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | _random_bits()
    digits = f"{value:032x}"  # by UUID it took longer than all else here
    return f"{kind}_{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _random_bits() -> int:
    """62 bits of the system's randomness, which is asked for many identifiers at once.

    Asked for each, it took as long as all else here, and let another thread take its turn.
    """
    while True:
        try:
            return _WORDS.pop() >> 2
        except IndexError:
            _WORDS.extend(struct.unpack(f"{_AT_ONCE}Q", os.urandom(8 * _AT_ONCE)))


_AT_ONCE = 256
_WORDS: list[int] = []  # `pop` and `extend` are each one step for all threads
os.register_at_fork(after_in_child=_WORDS.clear)  # else both processes would give out the same
