"""Public identifiers: a letter for the kind and a UUIDv7, so that they sort by age."""

from __future__ import annotations

import secrets
import time
from typing import Literal
from uuid import UUID

Kind = Literal["s", "r", "d", "p", "v", "o"]  # sweep, run, dataset, population, verification, owner


def new_id(kind: Kind) -> str:
    """A new identifier such as `s_019ab3c4-...` (RFC 9562, version 7).

    48 bits of Unix milliseconds, 12 bits of the millisecond's fraction (method 3 of section 6.2), so that a
    process's identifiers sort in the order in which they were made, and 62 random bits.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    value = (milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | secrets.randbits(62)
    return f"{kind}_{UUID(int=value)}"
