"""What other programs took of the machine while something was measured."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

NOT_WORK = ("idle", "iowait", "guest", "guest_nice")  # a guest's time is in `user` already


@dataclass(slots=True)
class Others:
    """`share` of all cores that went to other programs, once the block is left.

    `unseen` is processor time of this program's family that nobody waited for: of those orphaned by a kill.
    """

    share: float = 0.0
    unseen: float = 0.0


@contextmanager
def watching() -> Iterator[Others]:
    """Compare what the machine did in the block with what this process and those it waited for did.

    Every process that the block starts must have ended when it is left.
    """
    others = Others()
    busy, own, began = _busy(), _own(), time.monotonic()
    yield others
    available = (time.monotonic() - began) * (psutil.cpu_count() or 1)
    taken = _busy() - busy - (_own() - own) - others.unseen
    others.share = min(1.0, max(0.0, taken / available))


def _busy() -> float:
    times = psutil.cpu_times()._asdict()
    return float(sum(seconds for name, seconds in times.items() if name not in NOT_WORK))


def _own() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
