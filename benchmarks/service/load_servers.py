"""The two servers that are put under load, each started afresh in a folder of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.service.load_client import Outcome, load, request

ROOT = Path(__file__).parents[2]
MLFLOW = ROOT / ".venv-bench" / "bin" / "mlflow"
CONNECTIONS = 32
STARTING_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of request to one server."""

    server: str
    what: str
    outcome: Outcome
    cpu_seconds: float  # of the server's process for each request

    def row(self, other: Line | None) -> str:
        """A row of the table; `other` is what Backsweep does in its place."""
        took = self.outcome
        ratio = "" if other is None else f"{other.outcome.per_second / max(took.per_second, 1e-9):.1f}"
        cells = (
            self.server,
            self.what,
            f"{len(took.seconds):,}",
            f"{took.per_second:,.0f}",
            f"{took.percentile(0.5) * 1e3:.1f}",
            f"{took.percentile(0.99) * 1e3:.1f}",
            f"{self.cpu_seconds * 1e3:.2f}",
            f"{took.cpu_seconds / max(len(took.seconds), 1) * 1e3:.2f}",
            f"{len(took.failures):,}",
            ratio,
        )
        return f"| {' | '.join(cells)} |"


@dataclass(frozen=True, slots=True)
class Server:
    """A server under load: where it is, what every request carries, and its process."""

    name: str
    url: str
    headers: Mapping[str, str]
    process: psutil.Process

    def put(self, what: str, make: Callable[[int], bytes], expected: int, **bounds: Any) -> Line:
        """Load it with one kind of request."""
        before = self._cpu()
        outcome = load(self.url, make, connections=CONNECTIONS, expected=expected, **bounds)
        for failure in outcome.failures[:3]:
            print(f"{self.name}, {what}: {failure}", file=sys.stderr)
        line = Line(self.name, what, outcome, (self._cpu() - before) / max(len(outcome.seconds), 1))
        print(line.row(None), file=sys.stderr, flush=True)
        return line

    def ask(self, method: str, path: str, body: object = None) -> bytes:
        """The bytes of a request to it."""
        content = b"" if body is None else json.dumps(body).encode()
        kind = {} if body is None else {"Content-Type": "application/json"}
        return request(method, path, {**self.headers, **kind}, content)

    def memory(self) -> int:
        """Bytes of memory of its own, without those of files: SQLite maps its file, which grows."""
        found = [each.memory_info() for each in self._family()]
        return sum(each.rss - each.shared for each in found)

    def _cpu(self) -> float:
        return sum(sum(each.cpu_times()[:2]) for each in self._family())

    def _family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


@contextmanager
def backsweep() -> Iterator[Server]:
    """`backsweep up` without a worker; its API process is what is measured."""
    with tempfile.TemporaryDirectory() as home:
        port = _free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BACKSWEEP_")}
        changes = {"BACKSWEEP_HOME": home, "BACKSWEEP_PORT": str(port), "BACKSWEEP_WORKERS": "0"}
        command = (sys.executable, "-m", "service.cli", "up")
        with _process(command, {**kept, **changes}, f"http://127.0.0.1:{port}/readyz") as process:
            token = (Path(home) / "token").read_text(encoding="ascii").strip()
            api = next(
                child
                for child in process.children(recursive=True)
                if "service.supervisor.web" in child.cmdline()
            )
            yield Server("Backsweep", f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {token}"}, api)


@contextmanager
def mlflow() -> Iterator[Server]:
    """MLflow's tracking server: one worker process over SQLite, with a connection to it for every request."""
    with tempfile.TemporaryDirectory() as home:
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        store = ("--backend-store-uri", f"sqlite:///{home}/mlflow.db")
        artifacts = ("--artifacts-destination", f"{home}/artifacts")
        place = ("--host", "127.0.0.1", "--port", str(port), "--workers", "1")
        environment = {
            **os.environ,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "DO_NOT_TRACK": "true",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # consumers beside the server that nobody feeds
            # By default fifteen at most, for which more requests at once wait half a minute, and fail.
            "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": str(2 * CONNECTIONS),
        }
        command = (str(MLFLOW), "server", *store, *artifacts, *place)
        with _process(command, environment, f"{url}/health") as process:
            yield Server(f"MLflow {mlflow_version()}", url, {}, process)


def mlflow_version() -> str:
    """Which release is installed."""
    command = [str(MLFLOW), "--version"]
    told = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - installed to compare with
    return told.stdout.split()[-1]


@contextmanager
def _process(
    command: tuple[str, ...], environment: Mapping[str, str], ready: str
) -> Iterator[psutil.Process]:
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(  # noqa: S603 - our own program, or the one that was installed to compare with
            command, env=dict(environment), cwd=ROOT, stdout=log, stderr=log
        ) as started,
    ):
        try:
            try:
                _wait_for(ready, started)
            except RuntimeError as error:
                log.seek(0)
                raise RuntimeError(
                    f"{error}; it said: {log.read()[-2000:].decode(errors='replace')}"
                ) from error
            yield psutil.Process(started.pid)
        finally:
            try:
                family = psutil.Process(started.pid).children(recursive=True)
            except psutil.NoSuchProcess:
                family = []
            started.terminate()
            _gone, left = psutil.wait_procs(family, timeout=20)
            for each in left:
                each.kill()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        try:
            if httpx.get(url, timeout=2, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"nothing answers at {url}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
