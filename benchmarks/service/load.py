"""`python -m benchmarks.service.load` puts a load on one API process over SQLite, and on MLflow's beside it.

32 connections submit sweeps of one run, list them and search their runs; no worker takes the runs. MLflow's
tracking server (in `.venv-bench`, one worker process, SQLite as well) gets as many connections for what is
nearest: creating runs, logging metrics, searching runs. Prints a table, and writes it with --output.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
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

from benchmarks.machine import load as load_average
from benchmarks.machine import machine
from benchmarks.service.load_client import Outcome, load, request

ROOT = Path(__file__).parents[2]
MLFLOW = ROOT / ".venv-bench" / "bin" / "mlflow"
CONNECTIONS = 32
WANTED_PER_SECOND, WANTED_P99 = 500, 0.060  # of submits
STARTING_SECONDS = 90.0
MEBIBYTE = 2**20
SWEEPS = "/api/v1/sweeps"


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
        """Bytes of resident memory of the process and its children."""
        return sum(each.memory_info().rss for each in self._family())

    def _cpu(self) -> float:
        return sum(sum(each.cpu_times()[:2]) for each in self._family())

    def _family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


def main() -> int:
    """Measure and print; 1 if what is wanted is missed."""
    arguments = _arguments()
    scale = 0.1 if arguments.quick else 1.0
    facts = {**machine(), "load before": load_average()}
    lines: list[Line] = []
    notes: list[str] = []
    with _backsweep() as server:
        lines += _load_backsweep(server, scale)
        notes.append(_memory(server, arguments.minutes))
    if MLFLOW.exists():
        with _mlflow() as server:
            lines += _load_mlflow(server, scale)
    else:
        notes.append("MLflow was not measured; install it with `.venv-bench/bin/pip install mlflow`")
    facts["load after"] = load_average()
    page = _page(facts, lines, notes)
    print(page)
    if arguments.output is not None:
        arguments.output.write_text(page + "\n", encoding="utf-8")
    return 0 if _is_met(lines) else 1


def _load_backsweep(server: Server, scale: float) -> list[Line]:
    def submit(number: int) -> bytes:
        return server.ask("POST", SWEEPS, _sweep(number))

    server.put("warm-up", lambda number: submit(10**6 + number), 201, requests=200)
    query = "/api/v1/runs?limit=50&order_by=-id&filter=params.learning_rate%20%3E%200.0011"
    return [
        server.put("submit a sweep of one run", submit, 201, requests=round(5_000 * scale)),
        server.put(
            "list 20 sweeps",
            lambda _: server.ask("GET", "/api/v1/sweeps?limit=20"),
            200,
            requests=round(5_000 * scale),
        ),
        server.put(
            "search runs, 50 shown", lambda _: server.ask("GET", query), 200, requests=round(1_000 * scale)
        ),
    ]


def _load_mlflow(server: Server, scale: float) -> list[Line]:
    api = "/api/2.0/mlflow"
    runs = [_created(server, api) for _ in range(CONNECTIONS)]

    def create(number: int) -> bytes:
        params = {"experiment_id": "0", "start_time": number, "run_name": f"n{number}"}
        return server.ask("POST", f"{api}/runs/create", params)

    def log(number: int) -> bytes:
        metrics = [
            {"key": key, "value": 1.0 / (number + 1), "timestamp": number, "step": number}
            for key in ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy")
        ]
        return server.ask(
            "POST", f"{api}/runs/log-batch", {"run_id": runs[number % len(runs)], "metrics": metrics}
        )

    search = {"experiment_ids": ["0"], "max_results": 50, "filter": "attributes.start_time > 5"}
    return [
        server.put("create a run", create, 200, requests=round(1_500 * scale)),
        server.put("log four metrics of an epoch", log, 200, requests=round(1_500 * scale)),
        server.put(
            "search runs, 50 shown",
            lambda _: server.ask("POST", f"{api}/runs/search", search),
            200,
            requests=round(500 * scale),
        ),
    ]


def _created(server: Server, api: str) -> str:
    body = {"experiment_id": "0", "start_time": 1}
    answer = httpx.post(f"{server.url}{api}/runs/create", json=body, timeout=30, trust_env=False)
    return str(answer.raise_for_status().json()["run"]["info"]["run_id"])


def _memory(server: Server, minutes: float) -> str:
    """How resident memory goes while submits go on, read after each minute, or each quarter of less."""
    pause = min(60.0, minutes * 60 / 4)
    begun, number = time.monotonic(), 0
    times, readings = [0.0], [server.memory() / MEBIBYTE]
    while times[-1] < minutes:
        while time.monotonic() - begun < pause * len(times):
            start = 2 * 10**6 + number
            server.put(
                "go on", lambda each, s=start: server.ask("POST", SWEEPS, _sweep(s + each)), 201, requests=500
            )
            number += 500
        times.append((time.monotonic() - begun) / 60)
        readings.append(server.memory() / MEBIBYTE)
    told = ", ".join(f"{reading:.0f}" for reading in readings)
    slope = statistics.linear_regression(times, readings).slope
    return (
        f"Resident memory of the API process over {times[-1]:.1f} minutes and {number:,} more submits, at "
        f"the start and after every {pause:.0f} s: {told} MiB; by least squares {slope:+.2f} MiB per minute."
    )


def _sweep(number: int) -> dict[str, Any]:
    return {
        "name": f"n{number}",
        "dataset": "iris",
        "seeds": 1,
        "baselines": False,
        "parameters": {"learning_rate": 0.001 + number * 1e-9, "epochs": 1},
    }


@contextmanager
def _backsweep() -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as home:
        port = _free_port()
        changes = {"BACKSWEEP_HOME": home, "BACKSWEEP_PORT": str(port), "BACKSWEEP_WORKERS": "0"}
        command = (sys.executable, "-m", "service.cli", "up")
        with _process(command, {**os.environ, **changes}, f"http://127.0.0.1:{port}/readyz") as process:
            token = (Path(home) / "token").read_text(encoding="ascii").strip()
            api = next(
                child
                for child in process.children(recursive=True)
                if "service.supervisor.web" in child.cmdline()
            )
            yield Server("Backsweep", f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {token}"}, api)


@contextmanager
def _mlflow() -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as home:
        port = _free_port()
        url = f"http://127.0.0.1:{port}"
        command = (
            str(MLFLOW),
            "server",
            *(
                "--backend-store-uri",
                f"sqlite:///{home}/mlflow.db",
                "--artifacts-destination",
                f"{home}/artifacts",
            ),
            *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        )
        environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
        environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = (
            "false"  # consumers beside the server that nobody feeds
        )
        with _process(command, environment, f"{url}/health") as process:
            yield Server("MLflow", url, {}, process)


@contextmanager
def _process(
    command: tuple[str, ...], environment: Mapping[str, str], ready: str
) -> Iterator[psutil.Process]:
    with subprocess.Popen(  # noqa: S603 - our own program, or the one that was installed to compare with
        command, env=dict(environment), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as started:
        try:
            _wait_for(ready, started)
            yield psutil.Process(started.pid)
        finally:
            family = psutil.Process(started.pid).children(recursive=True)
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


def _page(facts: Mapping[str, str], lines: list[Line], notes: list[str]) -> str:
    counterparts = {"create a run": 0, "search runs, 50 shown": 2}
    rows = [
        line.row(
            lines[counterparts[line.what]] if line.server == "MLflow" and line.what in counterparts else None
        )
        for line in lines
    ]
    return "\n".join(
        [
            "# One API process under load",
            "",
            *(f"- {name}: {value}" for name, value in facts.items()),
            "",
            (__doc__ or "").split("\n\n")[1].replace("\n", " ").strip(),
            "",
            "| server | request | requests | per second | p50 ms | p99 ms | CPU ms each "
            "| client's CPU ms each | failed | Backsweep's rate over this |",
            "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
            *rows,
            "",
            *(f"- {note}" for note in notes),
            f"- Wanted of submits: {WANTED_PER_SECOND} per second with a p99 below {WANTED_P99 * 1e3:g} ms; "
            f"of lists no failure: {'met' if _is_met(lines) else 'not met in this run'}.",
        ]
    )


def _is_met(lines: list[Line]) -> bool:
    submits, lists = lines[0].outcome, lines[1].outcome
    is_fast = submits.per_second >= WANTED_PER_SECOND and submits.percentile(0.99) < WANTED_P99
    return is_fast and not submits.failures and not lists.failures


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service.load", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the requests")
    parser.add_argument(
        "--minutes", type=float, default=0.5, help="how long memory is watched; 10 is what is asked"
    )
    parser.add_argument(
        "--output", type=Path, default=None, help="a file for the page, such as benchmarks/results/load.md"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
