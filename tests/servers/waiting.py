"""Waiting for what happens in another process."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 60.0  # seconds: a busy machine takes its time, and only what fails waits so long


def eventually(
    condition: Callable[[], object], what: str, seconds: float = PATIENCE, *, every: float = 0.01
) -> None:
    """Return as soon as the condition holds, which is looked at `every` so often; fail with `what`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"after {seconds:g} s still not: {what}"
        time.sleep(every)


def runs(process_id: int) -> bool:
    """Whether the process exists and is more than an entry that nobody has reaped."""
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process_id}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
