"""What can be done to a site, and a plan of it that a seed repeats."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """One way in which things break."""

    KILL_WORKER = "worker's main process killed"
    KILL_TRAINER = "training process killed"
    PAUSE_WORKER = "worker stopped beyond its lease, then continued"
    FLUSH_BROKER = "broker emptied"
    KILL_BROKER = "broker killed and restarted"
    STALL_BROKER = "a worker's connections to the broker half open"
    STALL_DATABASE = "a worker's connections to the database half open"  # PostgreSQL
    CRASH_DATABASE = "database crashed and restarted"  # PostgreSQL
    KILL_API = "API killed during a submission, which is repeated"


KILLS = (Kind.KILL_WORKER, Kind.KILL_TRAINER)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to do: what, how long after the one before, and to whom."""

    kind: Kind
    after_seconds: float
    choice: float  # from 0 up to 1: which of those it can happen to, or when exactly


def plan(seed: int, counts: Mapping[Kind, int], *, longest_gap: float) -> tuple[Fault, ...]:
    """So many faults of each kind, in a random order and at random moments that the seed decides."""
    chance = random.Random(seed)  # noqa: S311 - repeatable on purpose
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    chance.shuffle(kinds)
    return tuple(Fault(kind, chance.uniform(0.0, longest_gap), chance.random()) for kind in kinds)
