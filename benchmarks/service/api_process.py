"""An API process of its own over a given database, and how much memory it takes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from benchmarks.service.site import ROOT, wait_until

TOKEN = "a-token-of-the-benchmark-0123456789"  # noqa: S105 - of a server that lives as long as this program


@dataclass(frozen=True, slots=True)
class Served:
    """A client of the process, and the process."""

    client: httpx.Client
    process: psutil.Process


@contextmanager
def served(database_url: str, home: Path) -> Iterator[Served]:
    """Start it, and end it with the block."""
    with socket.socket() as listening, (home / "api.log").open("wb") as log:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        listening.set_inheritable(True)
        port = listening.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BACKSWEEP_")}
        environment = {
            **kept,
            "PYTHONPATH": str(ROOT),
            "BACKSWEEP_HOME": str(home),
            "BACKSWEEP_PORT": str(port),
            "BACKSWEEP_TOKEN": TOKEN,
            "BACKSWEEP_DATABASE_URL": database_url,
            "BACKSWEEP_BROKER_URL": f"filesystem:///{home}/broker",
        }
        command = [sys.executable, "-m", "service.supervisor.web", str(listening.fileno())]
        process = subprocess.Popen(command, env=environment, pass_fds=[listening.fileno()], stderr=log)  # noqa: S603 - our own
        try:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            address = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=address, headers=headers, timeout=300, trust_env=False) as client:
                wait_until(
                    lambda: _answers(client) or process.poll() is not None, "the API answers", every=0.1
                )
                if process.poll() is not None:
                    raise RuntimeError(f"the API did not start: {(home / 'api.log').read_text()[-2000:]}")
                yield Served(client, psutil.Process(process.pid))
        finally:
            process.terminate()
            process.wait()


def resident(process: psutil.Process) -> int:
    """Bytes of a process in memory now, pages of mapped files among them."""
    return _status(process, "VmRSS")


@contextmanager
def peak_resident(process: psutil.Process) -> Iterator[list[int]]:
    """The most bytes in memory that a process had in the block, as the kernel counted them (proc(5))."""
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")  # the peak begins anew
    seen = [0]
    yield seen
    seen[0] = _status(process, "VmHWM")


def _status(process: psutil.Process, name: str) -> int:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    [found] = [line.split() for line in lines if line.startswith(f"{name}:")]
    return int(found[1]) * 1024


def _answers(client: httpx.Client) -> bool:
    try:
        # Whoever asks a process that has ended already waits: this one listens in its place.
        return client.get("/healthz", timeout=2).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
