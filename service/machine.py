"""How much of this machine the process may use, a container's limits counted."""

from __future__ import annotations

import math
import os
from contextlib import suppress
from pathlib import Path

# What a training process has before it trains: measured 154 MiB (see worker/memory.py).
MEMORY_AT_REST = 160 * 2**20
LEAST_WORKER_MEMORY = 256 * 2**20


def usable_cores() -> int:
    """The cores this process may use: the machine's, less what affinity and a container's quota take away."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return max(1, min(cores, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):  # no such file, or "max": no quota
        return cores


def share_of_memory(workers: int) -> int:
    """Bytes for each of so many workers: four fifths of what this process may use, but never too little."""
    return max(LEAST_WORKER_MEMORY, usable_memory() * 4 // 5 // max(1, workers))


def usable_memory() -> int:
    """The machine's memory in bytes, or its container's where that is less."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):  # no such file, or "max": no limit
            memory = min(memory, int(Path(limit).read_text(encoding="ascii")))
    return memory
