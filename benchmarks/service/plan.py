"""How large each measurement is: sizes for a whole run of five minutes, a first impression, and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.service import sweeps

Sweep = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Effort:
    """What is trained, how often, and with which leases the kills are made."""

    reference: Sweep
    long_reference: Sweep  # as much work in fewer and longer populations, which live to see checkpoints
    repeats: int
    rows: Sweep
    scaling: Sweep
    scaling_rounds: int
    large: Sweep
    kills: int
    default_lease: float = 30.0  # seconds; the death of a training process is noticed sooner
    short_lease: float = 3.0  # seconds, the least with a record each second; for the death of a whole worker
    workers: int = 2
    both_databases: bool = True  # for the overhead; else the one that was asked for


FULL = Effort(
    reference=sweeps.reference(),
    long_reference=sweeps.reference(seeds=2, epochs=300),
    repeats=2,
    rows=sweeps.tiny(runs=256, epochs=1000),
    scaling=sweeps.reference(seeds=30),
    scaling_rounds=3,
    large=sweeps.reference(rates=100, seeds=100, epochs=5),
    kills=10,
)
QUICK = Effort(
    reference=sweeps.reference(seeds=4),
    long_reference=sweeps.reference(seeds=2, epochs=60),
    repeats=1,
    rows=sweeps.tiny(runs=32, epochs=1000),
    scaling=sweeps.reference(seeds=12),
    scaling_rounds=1,
    large=sweeps.reference(rates=50, seeds=20, epochs=3),
    kills=1,
    both_databases=False,
)
