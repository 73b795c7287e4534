"""`python -m benchmarks.service.load` puts a load on one API process over SQLite, and on MLflow's beside it.

32 connections, each of which sends its next request when the last one is answered, submit sweeps of one run,
list them and search their runs; no worker takes the runs. They go on submitting for some minutes, in which
memory and latencies are watched. MLflow's tracking server (in `.venv-bench`, one worker process, SQLite as
well) gets as many connections for what is nearest: creating runs, logging metrics, searching runs. The client
is a process of its own on the same machine.

Writes results/load.md when all parts were run whole, and else prints alone.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from benchmarks.machine import load as load_average
from benchmarks.machine import machine
from benchmarks.service.load_servers import CONNECTIONS, MLFLOW, Line, Server, backsweep, mlflow

RESULT = Path(__file__).parents[1] / "results" / "load.md"
PARTS = ("requests", "minutes", "mlflow")
WANTED_PER_SECOND, WANTED_P99 = 500, 0.060  # of submits
WANTED_MINUTES = 10.0
WANTED_GROWTH = 0.05  # of memory, from the first third of the minutes to the last
MEBIBYTE = 2**20
SWEEPS = "/api/v1/sweeps"
SUBMIT, LIST, SEARCH, CREATE = (
    "submit a sweep of one run",
    "list 20 sweeps",
    "search runs, 50 shown",
    "create a run",
)
IN_PLACE_OF = {CREATE: SUBMIT, SEARCH: SEARCH}  # MLflow's request, and ours that it is compared with


class Minute(NamedTuple):
    """A stretch of the minutes in which submits go on."""

    ended: float  # minutes since the beginning
    submits: int
    per_second: float
    p99: float  # seconds
    failures: int
    memory: float  # MiB of the process at its end


def main() -> int:
    """Measure and print; 1 if what is wanted is missed."""
    arguments = _arguments()
    parts = arguments.part or PARTS
    facts = {**machine(), "load before": load_average()}
    lines: list[Line] = []
    minutes: list[Minute] = []
    if {"requests", "minutes"} & set(parts):
        with backsweep() as server:
            server.put("warm-up", lambda number: _submit(server, 10**6 + number), 201, requests=200)
            lines += _load_backsweep(server, arguments.scale) if "requests" in parts else []
            minutes += _go_on(server, arguments.minutes) if "minutes" in parts else []
    if "mlflow" in parts and MLFLOW.exists():
        with mlflow() as server:
            lines += _load_mlflow(server, arguments.scale)
    facts["load after"] = load_average()
    verdicts = _verdicts(lines, minutes, parts)
    page = _page(facts, lines, minutes, list(verdicts))
    print(page)
    is_whole = tuple(parts) == PARTS and arguments.scale == 1 and arguments.minutes >= WANTED_MINUTES
    if is_whole or arguments.output is not None:
        (arguments.output or RESULT).write_text(page + "\n", encoding="utf-8")
    return 0 if all(verdicts.values()) else 1


def _load_backsweep(server: Server, scale: float) -> list[Line]:
    query = "/api/v1/runs?limit=50&order_by=-id&filter=params.learning_rate%20%3E%200.0011"
    page = server.ask("GET", f"{SWEEPS}?limit=20")
    search = server.ask("GET", query)
    return [
        server.put(SUBMIT, lambda number: _submit(server, number), 201, requests=round(5_000 * scale)),
        server.put(LIST, lambda _: page, 200, requests=round(5_000 * scale)),
        server.put(SEARCH, lambda _: search, 200, requests=round(1_000 * scale)),
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

    wanted = {"experiment_ids": ["0"], "max_results": 50, "filter": "attributes.start_time > 5"}
    search = server.ask("POST", f"{api}/runs/search", wanted)
    return [
        server.put(CREATE, create, 200, requests=round(1_500 * scale)),
        server.put("log four metrics of an epoch", log, 200, requests=round(1_500 * scale)),
        server.put(SEARCH, lambda _: search, 200, requests=round(500 * scale)),
    ]


def _created(server: Server, api: str) -> str:
    body = {"experiment_id": "0", "start_time": 1}
    answer = httpx.post(f"{server.url}{api}/runs/create", json=body, timeout=30, trust_env=False)
    return str(answer.raise_for_status().json()["run"]["info"]["run_id"])


def _go_on(server: Server, minutes: float) -> list[Minute]:
    """Submit without a pause; what was seen in each minute, or in each quarter of less."""
    stretch = min(60.0, minutes * 60 / 4)
    begun, number = time.monotonic(), 2 * 10**6
    seen: list[Minute] = []
    while not seen or seen[-1].ended < minutes - 0.01:
        start = number
        line = server.put(
            "go on", lambda each, start=start: _submit(server, start + each), 201, duration=stretch
        )
        took = line.outcome
        number += len(took.seconds)
        ended, memory = (time.monotonic() - begun) / 60, server.memory() / MEBIBYTE
        p99, count = took.percentile(0.99), len(took.seconds)
        seen.append(Minute(ended, count, took.per_second, p99, len(took.failures), memory))
    return seen


def _submit(server: Server, number: int) -> bytes:
    sweep: dict[str, Any] = {
        "name": f"n{number}",
        "dataset": "iris",
        "seeds": 1,
        "baselines": False,
        "parameters": {"learning_rate": 0.001 + number * 1e-9, "epochs": 1},
    }
    return server.ask("POST", SWEEPS, sweep)


def _verdicts(lines: Sequence[Line], minutes: Sequence[Minute], parts: Sequence[str]) -> dict[str, bool]:
    """What is wanted of the parts that were run, in sentences, and whether it was so."""
    ours = {line.what: line.outcome for line in lines if line.server == "Backsweep"}
    found: dict[str, bool] = {}
    if SUBMIT in ours:
        took = ours[SUBMIT]
        fast = took.per_second >= WANTED_PER_SECOND and took.percentile(0.99) < WANTED_P99
        limits = f"at least {WANTED_PER_SECOND} per second with a p99 below {WANTED_P99 * 1e3:g} ms"
        found[f"Submits: {limits}, none failed"] = fast and not took.failures
        found["Lists: none failed"] = not ours[LIST].failures
    if minutes:
        third = max(1, len(minutes) // 3)
        before, after = (
            statistics.fmean(each.memory for each in some) for some in (minutes[:third], minutes[-third:])
        )
        growth = (after - before) / before
        told = f"{growth:+.1%} from the first third of the minutes to the last, at most {WANTED_GROWTH:.0%}"
        found[f"Memory: {told}; no submit failed"] = growth <= WANTED_GROWTH and not any(
            each.failures for each in minutes
        )
    if "mlflow" in parts:
        found["MLflow measured (`.venv-bench/bin/pip install mlflow`)"] = MLFLOW.exists()
    return {f"{told}: {'met' if so else 'NOT met'}.": so for told, so in found.items()}


def _page(
    facts: dict[str, str], lines: Sequence[Line], minutes: Sequence[Minute], verdicts: Sequence[str]
) -> str:
    ours = {line.what: line for line in lines if line.server == "Backsweep"}
    others = [
        ours.get(IN_PLACE_OF.get(line.what, "")) if line.server != "Backsweep" else None for line in lines
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
            *(line.row(other) for line, other in zip(lines, others, strict=True)),
            "",
            *(_table(minutes) if minutes else ()),
            *(f"- {verdict}" for verdict in verdicts),
        ]
    )


def _table(minutes: Sequence[Minute]) -> list[str]:
    return [
        "Submits that go on, with the memory of the API process without mapped files at the end of each row:",
        "",
        "| minutes | submits | per second | p99 ms | failed | MiB |",
        "|--:|--:|--:|--:|--:|--:|",
        *(
            f"| {each.ended:.1f} | {each.submits:,} | {each.per_second:,.0f} | {each.p99 * 1e3:.1f} "
            f"| {each.failures} | {each.memory:.0f} |"
            for each in minutes
        ),
        "",
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service.load", description=__doc__)
    parser.add_argument(
        "--part", choices=PARTS, action="append", help="only this part (several times: only these)"
    )
    parser.add_argument(
        "--minutes", type=float, default=WANTED_MINUTES, help="how long submits go on in that part"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="of the numbers of requests: 0.1 is a tenth")
    parser.add_argument("--output", type=Path, help="a file for the page, in place of results/load.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
