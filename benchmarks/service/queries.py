"""How long lists, filters, summaries and curves take through the API process, on a store of 100,000 runs."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from benchmarks.machine import load, machine
from benchmarks.service.site import ROOT, wait_until
from benchmarks.service.store_fill import LARGE, LONG, RANDOM, SMALL, fill
from benchmarks.tables import markdown
from service.lifecycle.owners import LOCAL_OWNER
from service.store.database import Database
from service.store.migrate import upgrade
from tests.servers.postgres import NoPostgres, create_database, running_postgres

TOKEN = "a-token-of-the-benchmark-0123456789"  # noqa: S105 - of a server that lives as long as this program
GOALS = {"SQLite": 0.3, "PostgreSQL": 0.2}  # seconds at the 95th percentile
MOST_SECONDS = 20.0  # for one call's repetitions

Parameters = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Call:
    """One question, by its path below /api/v1."""

    name: str
    path: str
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of each answer to one call."""

    call: Call
    seconds: Sequence[float]
    bytes: int

    def percentile(self, percent: float) -> float:
        """So many percent of the answers were as quick."""
        return float(np.percentile(self.seconds, percent))


def lists(sweeps: Mapping[str, str]) -> Iterator[Call]:
    """Lists and filters over runs and sweeps."""
    large, small = sweeps[LARGE], sweeps[SMALL]

    def runs(name: str, **parameters: str | int) -> Call:
        return Call(name, "/runs", parameters)

    yield Call("sweeps", "/sweeps", {})
    yield Call(
        "sweeps, by tag and name", "/sweeps", {"filter": "tags.course = 'ml-103' and name like 'small 1%'"}
    )
    yield Call("one sweep", f"/sweeps/{large}", {})
    yield runs("newest runs of all")
    yield runs("1,000 newest runs of all", limit=1000)
    yield runs("runs of a small sweep", sweep=small)
    yield runs("runs of the large sweep", sweep=large)
    yield runs("large sweep by loss", sweep=large, order_by="validation_loss")
    yield runs(
        "large sweep by rate and accuracy", sweep=large, order_by="params.learning_rate, -validation_accuracy"
    )
    yield runs("all by loss", order_by="validation_loss")
    yield runs("all by accuracy, from the best", order_by="-validation_accuracy")
    yield runs("all by best loss", order_by="metrics.validation_loss.best")
    yield runs("all by rate", order_by="-params.learning_rate")
    yield runs("all by name and tag", order_by="sweep_name, tags.course DESC")
    yield runs("filter: loss", filter="metrics.validation_loss < 0.12")
    yield runs("filter: loss, nothing found", filter="metrics.validation_loss < 0.0001")
    yield runs(
        "filter: loss, most found", filter="metrics.validation_loss < 5", order_by="metrics.train_loss"
    )
    yield runs(
        "filter: best loss and parameter",
        filter="metrics.validation_loss.best < 0.3 and params.activation = 'relu'",
    )
    yield runs(
        "filter: smallest loss, sorted by it",
        filter="validation_loss.min < 0.5",
        order_by="validation_loss.min",
    )
    yield runs("filter: accuracy", filter="metrics.validation_accuracy > 0.95 and state = 'completed'")
    yield runs(
        "filter: everything",
        filter="(metrics.validation_loss < 0.2 or metrics.train_loss.max > 3) "
        "and params.learning_rate between 0.01 and 1 "
        "and tags.course in ('ml-101', 'ml-102') and not (state = 'failed' or seed > 7) "
        "and hidden_layers != '[16]'",
        order_by="metrics.validation_loss ASC, params.learning_rate DESC",
    )
    yield runs("filter: not finite", filter="metrics.train_loss = 'NaN'")
    yield runs("filter: missing", filter="metrics.validation_loss is null and reason like '%NaN%'")
    yield runs(
        "filter: rare metric", filter="metrics.validation_macro_f1 > 0.9", order_by="-validation_macro_f1"
    )
    yield runs(
        "filter: tag and time",
        filter="tags.place = 'lab' and created_at > 2026-09-22",
        order_by="finished_at DESC",
    )
    yield runs("filter: id", filter="weights_sha256 like '0000%77' and sweep_name ilike '%SMALL%'")


def answers(sweeps: Mapping[str, str], runs: Mapping[str, Sequence[str]]) -> Iterator[Call]:
    """Summaries and curves."""
    for name in (SMALL, LONG, RANDOM, LARGE):
        yield Call(f"summary, {name}", f"/sweeps/{sweeps[name]}/summary", {})
    yield Call(
        f"summary by one of two, {LARGE}", f"/sweeps/{sweeps[LARGE]}/summary", {"group_by": "hidden_layers"}
    )
    for name in (SMALL, LONG, RANDOM, LARGE):
        yield Call(f"curves, {name}", f"/sweeps/{sweeps[name]}/curves", {})
    yield Call(f"curves of 200 settings, {LARGE}", f"/sweeps/{sweeps[LARGE]}/curves", {"limit": 200})
    yield Call(f"curves pooled, {LARGE}", f"/sweeps/{sweeps[LARGE]}/curves", {"group_by": "hidden_layers"})
    yield Call("losses of a run, 1,000 epochs", f"/runs/{runs[LONG][0]}/losses", {})
    yield Call("losses of a run, 100 points", f"/runs/{runs[LONG][0]}/losses", {"max_points": 100})
    yield Call("losses of 200 runs, 20 epochs", "/losses", {"run_ids": ",".join(runs[LARGE][:200])})
    yield Call(
        "losses of 200 runs, 1,000 epochs in 100 points",
        "/losses",
        {"run_ids": ",".join(runs[LONG][:200]), "max_points": 100},
    )


def ask(client: httpx.Client, call: Call, repeats: int) -> Measured:
    """Ask one question again and again; of three lists, two go on where the one before ended."""
    seconds: list[float] = []
    parameters, size = dict(call.parameters), 0
    until = time.monotonic() + MOST_SECONDS
    while len(seconds) < repeats and (len(seconds) < 5 or time.monotonic() < until):
        began = time.perf_counter()
        answer = client.get(f"/api/v1{call.path}", params=parameters)
        seconds.append(time.perf_counter() - began)
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"{call.name}: {answer.text[:500]}")
        size = max(size, len(answer.content))
        cursor = answer.json().get("next_cursor")
        parameters = {**call.parameters, **({"cursor": cursor} if cursor and len(seconds) % 3 else {})}
    return Measured(call, seconds, size)


@contextmanager
def served(database_url: str, home: Path) -> Iterator[httpx.Client]:
    """An API process of its own over this database."""
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
        address = f"http://127.0.0.1:{port}"
        try:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            with httpx.Client(base_url=address, headers=headers, timeout=60, trust_env=False) as client:
                wait_until(
                    lambda: _answers(client) or process.poll() is not None, "the API answers", every=0.1
                )
                if process.poll() is not None:
                    raise RuntimeError(f"the API did not start: {(home / 'api.log').read_text()[-2000:]}")
                yield client
        finally:
            process.terminate()
            process.wait()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def measure(
    url: str, sweeps: Mapping[str, str], home: Path, *, repeats: int, only: str = ""
) -> list[Measured]:
    """Measure every call over a filled database."""
    with served(url, home) as client:
        runs = {
            name: [
                run["id"]
                for run in client.get("/api/v1/runs", params={"sweep": sweeps[name], "limit": 1000}).json()[
                    "items"
                ]
            ]
            for name in (LARGE, LONG)
        }
        calls = [*lists(sweeps), *answers(sweeps, runs)]
        found = []
        for call in calls:
            if only in call.name:
                found.append(ask(client, call, repeats))
                print(_line(found[-1]), file=sys.stderr, flush=True)
        return found


def _line(found: Measured) -> str:
    return f"{found.call.name}: {1e3 * found.percentile(50):.0f} / {1e3 * found.percentile(95):.0f} ms"


def table(measured: Sequence[Measured], goal: float) -> str:
    """One row for each call."""
    rows = [
        (
            each.call.name,
            *(f"{1e3 * each.percentile(percent):.0f}" for percent in (50, 95, 99)),
            f"{each.bytes / 1000:,.0f}",
            str(len(each.seconds)),
            "" if each.percentile(95) <= goal else "too slow",
        )
        for each in measured
    ]
    return markdown(("call", "p50 ms", "p95 ms", "p99 ms", "kB", "times", ""), rows)


@contextmanager
def filled(
    postgres: bool, folder: Path, arguments: argparse.Namespace
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """A new database of one kind, filled."""
    with running_postgres(durable=True) if postgres else nullcontext() as server:
        url = create_database(server.url, "backsweep") if server else f"sqlite:///{folder}/backsweep.db"
        database = Database(url)
        upgrade(database)
        began = time.monotonic()
        done = fill(database, LOCAL_OWNER, runs=arguments.runs, loss_rows=arguments.rows)
        database.dispose()
        print(
            f"{done.runs:,} runs and {done.loss_rows:,} loss rows in {time.monotonic() - began:.0f} s\n",
            flush=True,
        )
        yield url, done.sweeps


def main() -> int:
    """Fill, measure and print; 1 if a call was too slow."""
    arguments = _arguments()
    facts: dict[str, Any] = {**machine(), "load before": load()}
    print("\n".join(f"- {name}: {value}" for name, value in facts.items()), "", sep="\n", flush=True)
    missed = False
    for kind, goal in GOALS.items():
        if arguments.database not in (None, kind.lower()):
            continue
        with tempfile.TemporaryDirectory(prefix="backsweep-queries-") as name:
            folder = Path(name)
            try:
                with filled(kind == "PostgreSQL", folder, arguments) as (url, sweeps):
                    found = measure(url, sweeps, folder, repeats=arguments.repeats, only=arguments.only)
            except NoPostgres as reason:
                print(f"PostgreSQL was not measured: {reason}", file=sys.stderr)
                return 2
        print(
            f"### {kind}, {1e3 * goal:.0f} ms asked at the 95th percentile\n\n{table(found, goal)}\n",
            flush=True,
        )
        missed = missed or any(each.percentile(95) > goal for each in found)
    print(f"- load after: {load()}")
    return int(missed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service.queries", description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repeats", type=int, default=100, help="of each call, within 20 s and at least 5")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), help="one of the two")
    parser.add_argument("--only", default="", help="calls whose name holds this")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
