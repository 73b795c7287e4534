"""What is computed in the API's process is computed on one thread of BLAS, as in a worker."""

from __future__ import annotations

from functools import cache


@cache
def one_thread() -> None:
    """Limit every loaded BLAS library to one thread, for the rest of this process's life.

    Bits depend on the number of threads, and the networks here are small: two threads were up to 200 times
    slower than one.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1)
