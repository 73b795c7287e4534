"""A sweep of thousands of runs, from submit to the last end, and the memory that it takes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.service.site import Site, running, training_process
from benchmarks.tables import markdown


@dataclass(frozen=True, slots=True)
class Large:
    """Seconds since the submission was sent; peak memory in bytes, by process."""

    runs: int
    workers: int
    submitted: float
    first_end: float
    last_end: float
    peak_bytes: Mapping[str, int]


@dataclass(slots=True)
class Peaks:
    """The most memory that each process had; the system's own record of it, where there is one."""

    processes: Mapping[str, psutil.Process]
    bytes: dict[str, int] = field(default_factory=dict)

    def look(self) -> None:
        """Take in what they have now."""
        for name, process in self.processes.items():
            self.bytes[name] = max(self.bytes.get(name, 0), _peak(process))


def measure(sweep: Mapping[str, Any], *, workers: int, postgres: bool) -> Large:
    """Submit once, and wait until every run has ended."""
    with running(workers=workers, postgres=postgres) as site:
        peaks = Peaks(_processes(site))
        sent = time.time()  # the database's clock is this machine's
        public_id = site.submit(sweep)
        submitted = time.time() - sent
        span = site.finished(public_id, look=peaks.look)
        runs, first = site.ended_runs()
        return Large(runs, workers, submitted, first - sent, span.last_end - sent, dict(peaks.bytes))


def table(large: Large) -> str:
    """One row for each figure."""
    rows = [
        ("submit answered", f"{large.submitted:.2f} s"),
        ("first run ended", f"{large.first_end:.2f} s"),
        ("all runs ended", f"{large.last_end:.1f} s"),
        *((f"peak memory, {name}", f"{size / 2**20:.0f} MiB") for name, size in large.peak_bytes.items()),
    ]
    return markdown((f"{large.runs:,} runs, {large.workers} workers", ""), rows)


def _processes(site: Site) -> dict[str, psutil.Process]:
    found = {"API": site.api_process()}
    for number, worker in enumerate(site.worker_processes(), start=1):
        found[f"worker {number}, main process"] = worker
        found[f"worker {number}, training process"] = training_process(worker)
    return found


def _peak(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return int(process.memory_info().rss)
