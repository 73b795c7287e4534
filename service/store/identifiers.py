"""Public identifiers: a letter for the kind and a UUIDv7, so that they sort by age."""

from __future__ import annotations

import secrets
import time
from typing import Literal
from uuid import UUID

Kind = Literal["s", "r", "d", "p", "v"]  # sweep, run, dataset, population, verification


def new_id(kind: Kind) -> str:
    """A new identifier such as `s_019ab3c4-...`: 48 bits of Unix milliseconds, 74 random bits (RFC 9562)."""
    milliseconds = time.time_ns() // 1_000_000
    random = secrets.randbits(74)
    value = (
        (milliseconds << 80)
        | (0x7 << 76)
        | ((random >> 62) << 64)
        | (0b10 << 62)
        | (random & ((1 << 62) - 1))
    )
    return f"{kind}_{UUID(int=value)}"
