"""A training process has a limit of memory: what would exceed it is an error of the run, not of the machine.

The limit is RLIMIT_DATA, which counts private writable memory: heap, NumPy's arrays and OpenBLAS's buffers.
RLIMIT_AS would also count libraries and the 64 MiB of addresses that glibc reserves for each thread's arena.
Measured with NumPy 2.4 on Linux, in MiB:

    a training process that is ready, and three threads     resident 91   data 154   address space 425

OpenBLAS ends the whole process if it finds no memory for its buffer at its first product ("Memory allocation
still failed after 10 retries, giving up"), and never asks again once it has one. So a product is computed
before the limit is set; from then on what does not fit is a MemoryError. macOS enforces neither limit.
"""

from __future__ import annotations

import resource
import sys

WARM_UP = 256  # units: below some size OpenBLAS multiplies without a buffer


def limit_memory(size: int) -> bool:
    """Let this process have no more than so many bytes from now on; False where the system cannot do it."""
    if sys.platform != "linux":
        return False
    import numpy as np

    for kind in (np.float32, np.float64):
        square = np.ones((WARM_UP, WARM_UP), kind)
        square @ square
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = size if hard == resource.RLIM_INFINITY else min(size, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    return True


def out_of_memory(error: MemoryError, size: int) -> str:
    """Say why a run failed, in a sentence for whoever submitted it."""
    said = f" ({error})" if str(error) else ""
    return (
        f"out of memory: the run needed more than the {size / 2**20:,.0f} MiB that BACKSWEEP_WORKER_MEMORY "
        f"allows a training process{said}"
    )
