"""How long lists, filters, summaries and curves take through the API process, on a store of 100,000 runs."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from sqlalchemy import select

from benchmarks.machine import load, machine
from benchmarks.service.api_process import served
from benchmarks.service.export_memory import exports_table, measure_exports, missed_exports
from benchmarks.service.query_answers import answers, answers_of, comparison
from benchmarks.service.query_calls import Call, lists, lists_of_one
from benchmarks.service.store_fill import fill
from benchmarks.service.store_shapes import (
    HUGE,
    LARGE,
    LONG,
    RANDOM,
    SCREENED,
    SMALL,
    WHOLE,
    one_sweep,
    shapes,
)
from benchmarks.tables import markdown
from service.lifecycle.owners import LOCAL_OWNER
from service.store.database import Database
from service.store.migrate import upgrade
from service.store.schema import Sweep
from tests.servers.postgres import NoPostgres, create_database, running_postgres

GOALS = {"sqlite": 0.3, "postgresql": 0.2}  # seconds at the 95th percentile
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
ONE = "-one"  # behind a database's name: all runs are of one sweep
PARTS = [*GOALS, *(f"{kind}{ONE}" for kind in GOALS)]
EXPORTS = "exports"
RESULTS = Path(__file__).parent.parent / "results" / "queries.md"
MOST_SECONDS = 4.0  # for one call's repetitions
LARGEST_PAGE = 1000  # runs
FEWEST = 5  # repetitions, however long they take
EXPLANATION = """\
Milliseconds from a request on an open connection to its whole answer, of one API process with one client.
"kB" is the largest answer, "times" how often was asked: of a list, every second and third question goes on
where the one before ended. "Behind 90,000" is so far into a list; the way there is not timed. Summaries,
curves and points are asked once for each grouping and column, so that every answer is worked out; those
called "again" are what is kept of them. The store has 100,000 runs and 5,000,000 loss rows: in 9,800 sweeps,
the largest of 40,000 runs, or all in one (`benchmarks/service/store_fill.py`)."""


def measure(part: str, url: str, home: Path, *, repeats: int, only: str = "") -> list[dict[str, Any]]:
    """Ask every question of a filled database."""
    names = [WHOLE] if part.endswith(ONE) else [HUGE, LARGE, RANDOM, LONG, SCREENED, SMALL]
    sweeps = _sweeps(url, names)
    with served(url, home) as api:
        calls = _of_one(api.client, sweeps[WHOLE]) if part.endswith(ONE) else _of_many(api.client, sweeps)
        found = []
        for call in calls:
            if only in call.name:
                found.append(ask(api.client, call, repeats))
                print(f"{call.name}: {_figures(found[-1])}", file=sys.stderr, flush=True)
        return found


def _of_many(client: httpx.Client, sweeps: Mapping[str, str]) -> Iterator[Call]:
    runs = {name: _first_runs(client, sweeps[name]) for name in (LARGE, LONG)}
    yield from lists(sweeps)
    yield from answers(sweeps, runs, {name: _first_settings(client, sweeps[name]) for name in (HUGE, LARGE)})


def _of_one(client: httpx.Client, sweep: str) -> Iterator[Call]:
    yield from lists_of_one(sweep)
    yield from answers_of(WHOLE, sweep)
    yield comparison(WHOLE, sweep, _first_settings(client, sweep))


def ask(client: httpx.Client, call: Call, repeats: int) -> dict[str, Any]:
    """Ask in turn, again and again unless each is to be asked once."""
    seconds: list[float] = []
    size, begin = 0, _cursor_behind(client, call)
    cursor = begin
    until = time.monotonic() + MOST_SECONDS
    most = len(call.questions) if call.once else repeats
    while len(seconds) < most and (call.once or len(seconds) < FEWEST or time.monotonic() < until):
        question = call.questions[len(seconds) % len(call.questions)]
        parameters = {**question.parameters, **({"cursor": cursor} if cursor else {})}
        began = time.perf_counter()
        answer = client.get(f"/api/v1{question.path}", params=parameters)
        seconds.append(time.perf_counter() - began)
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"{call.name}: {answer.text[:500]}")
        size = max(size, len(answer.content))
        more = _next_cursor(answer)
        cursor = more if more and len(call.questions) == 1 and len(seconds) % 3 else begin
    return {"call": call.name, "seconds": seconds, "bytes": size}


def _cursor_behind(client: httpx.Client, call: Call) -> str | None:
    cursor = None
    for _ in range(0, call.behind, LARGEST_PAGE):
        [question] = call.questions
        parameters = {**question.parameters, "limit": LARGEST_PAGE, **({"cursor": cursor} if cursor else {})}
        cursor = _next_cursor(client.get(f"/api/v1{question.path}", params=parameters))
        if cursor is None:
            raise RuntimeError(f"{call.name}: the list has no {call.behind} runs")
    return cursor


def _next_cursor(answer: httpx.Response) -> str | None:
    if not answer.headers["Content-Type"].startswith("application/json"):
        return None
    found: str | None = answer.json().get("next_cursor")
    return found


def _first_runs(client: httpx.Client, sweep: str) -> Sequence[str]:
    page = client.get("/api/v1/runs", params={"sweep": sweep, "limit": 200})
    return [run["id"] for run in page.json()["items"]]


def _first_settings(client: httpx.Client, sweep: str) -> Sequence[str]:
    summary = client.get(f"/api/v1/sweeps/{sweep}/summary").json()
    return [setting["configuration_hash"] for setting in summary["settings"][:21]]


def _sweeps(url: str, names: Sequence[str]) -> Mapping[str, str]:
    """The ids of those sweeps that are asked about, by the names of their shapes."""
    database = Database(url)
    with database.read() as session:
        found = {
            name: session.scalar(select(Sweep.public_id).where(Sweep.name.startswith(f"{name}: ")))
            for name in names
        }
    database.dispose()
    missing = [name for name, public_id in found.items() if public_id is None]
    if missing:
        raise RuntimeError(f"the store has no sweep {', '.join(missing)}: it was filled by another release")
    return {name: str(public_id) for name, public_id in found.items()}


def _percentile(found: Mapping[str, Any], percent: float) -> float:
    return float(np.percentile(found["seconds"], percent))


def _figures(found: Mapping[str, Any]) -> str:
    parts = (f"{1e3 * _percentile(found, percent):.0f}" for percent in (50, 95, 100))
    return f"{' / '.join(parts)} ms"


def _goal(part: str) -> float:
    return GOALS[part.removesuffix(ONE)]


def _title(part: str) -> str:
    return NAMES[part.removesuffix(ONE)] + (", all runs in one sweep" if part.endswith(ONE) else "")


def too_slow(part: str, found: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The calls that missed what is asked."""
    for each in found:
        if _percentile(each, 95) > _goal(part):
            yield f"{_title(part)}, {each['call']}: {_figures(each)}"


def table(part: str, found: Sequence[Mapping[str, Any]]) -> str:
    """One row for each call."""
    rows = [
        (
            each["call"],
            *(f"{1e3 * _percentile(each, percent):.0f}" for percent in (50, 95, 100)),
            f"{each['bytes'] / 1000:,.0f}",
            str(len(each["seconds"])),
            "" if _percentile(each, 95) <= _goal(part) else "too slow",
        )
        for each in found
    ]
    return markdown(("call", "p50 ms", "p95 ms", "max ms", "kB", "times", ""), rows)


@contextmanager
def filled(part: str, folder: Path, arguments: argparse.Namespace) -> Iterator[str]:
    """The address of a new database of one kind, filled."""
    wanted = one_sweep if part.endswith(ONE) else shapes
    with running_postgres(durable=True) if part.startswith("postgresql") else nullcontext() as server:
        url = create_database(server.url, "backsweep") if server else f"sqlite:///{folder}/backsweep.db"
        database = Database(url)
        upgrade(database)
        began = time.monotonic()
        done = fill(database, LOCAL_OWNER, wanted(runs=arguments.runs, loss_rows=arguments.rows))
        database.dispose()
        took = time.monotonic() - began
        print(f"{done.runs:,} runs and {done.loss_rows:,} loss rows in {took:.0f} s", file=sys.stderr)
        yield url


def measured(part: str, arguments: argparse.Namespace) -> Mapping[str, Any]:
    """What one part finds, and on what."""
    facts: dict[str, Any] = {"machine": machine(), "load before": load()}
    with tempfile.TemporaryDirectory(prefix="backsweep-queries-") as name:
        folder = Path(name)
        if part == EXPORTS:
            facts["found"] = measure_exports(folder)
        else:
            with nullcontext(arguments.url) if arguments.url else filled(part, folder, arguments) as url:
                facts["found"] = measure(part, url, folder, repeats=arguments.repeats, only=arguments.only)
    return {**facts, "load after": load()}


def page(parts: Mapping[str, Mapping[str, Any]]) -> str:
    """All parts for people."""
    sections = ["# Questions to a store of 100,000 runs", EXPLANATION]
    for part in (*PARTS, EXPORTS):
        if part not in parts:
            continue
        found, facts = parts[part]["found"], parts[part]
        about = {**facts["machine"], "load before": facts["load before"], "load after": facts["load after"]}
        title, shown = (
            ("Exports of 5,000,000 loss rows, with SQLite", exports_table(found))
            if part == EXPORTS
            else (f"{_title(part)}, {1e3 * _goal(part):.0f} ms asked at p95", table(part, found))
        )
        sections += [f"## {title}", "\n".join(f"- {name}: {value}" for name, value in about.items()), shown]
    return "\n\n".join(sections) + "\n"


def main() -> int:
    """Measure, print and write; 1 if something was asked for and missed."""
    arguments = _arguments()
    parts: dict[str, Mapping[str, Any]] = {}
    missed: list[str] = []
    for part in [arguments.part] if arguments.part else [*PARTS, EXPORTS]:
        try:
            parts[part] = measured(part, arguments)
        except NoPostgres as reason:
            print(f"PostgreSQL was not measured: {reason}", file=sys.stderr)
            return 2
        found = parts[part]["found"]
        missed += missed_exports(found) if part == EXPORTS else too_slow(part, found)
    print(page(parts))
    if not arguments.only:
        kept = RESULTS.with_suffix(".json")
        before = json.loads(kept.read_text()) if kept.exists() else {}
        kept.write_text(json.dumps({**before, **parts}) + "\n")
        RESULTS.write_text(page({**before, **parts}))
    print("\n".join(f"MISSED: {each}" for each in missed), file=sys.stderr)
    return int(bool(missed))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service.queries", description=__doc__)
    parser.add_argument("--part", choices=(*PARTS, EXPORTS), help="one of them; writes its part alone")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--repeats", type=int, default=25, help="of each call, within 4 s and at least 5")
    parser.add_argument("--url", help="of a database that was filled before; with --part")
    parser.add_argument("--only", default="", help="calls whose name holds this; writes nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
