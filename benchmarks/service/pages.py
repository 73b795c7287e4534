"""`python -m benchmarks.service.pages` times the dashboard in headless Chromium on a large store.

The median of several visits counts, each with an empty cache. Then a sweep of 1,000 runs x 100 epochs is
watched while two workers train it. Ends with 1 if something that is asked was missed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser

from benchmarks.machine import load, machine
from benchmarks.service.api_process import TOKEN, served
from benchmarks.service.page_visits import Visit, signed_in, visit, watch, window
from benchmarks.service.site import running
from benchmarks.service.store_fill import fill
from benchmarks.service.store_shapes import Shape, shapes
from benchmarks.tables import markdown
from service.lifecycle.owners import LOCAL_OWNER
from service.store.database import Database
from service.store.migrate import upgrade

SEEN, CHARTS, TASK, WEIGHT = 1000.0, 2000.0, 100.0, 150_000.0  # asked: ms, ms, ms, bytes
SWEEPS = 10_000
USUAL = "1,000 runs of 100 epochs"
MANY = "1,000 settings with one seed"
WATCHED: Mapping[str, Any] = {
    "name": "watched",
    "dataset": "digits",
    "seeds": 10,
    "parameters": {
        "learning_rate": {"distribution": "log_uniform_values", "min": 0.001, "max": 1, "count": 100},
        "hidden_layers": {"value": [32]},
        "epochs": 100,
    },
}


@dataclass(frozen=True, slots=True)
class Line:
    """One figure, and what is asked of it."""

    page: str
    what: str
    found: float
    asked: float
    unit: str

    @property
    def missed(self) -> bool:
        """Whether it is above what is asked."""
        return self.found > self.asked

    def cells(self) -> tuple[str, ...]:
        """A row of the table."""
        verdict = "missed" if self.missed else ""
        return (self.page, self.what, f"{self.found:,.0f}", f"{self.asked:,.0f}", self.unit, verdict)


def measured(name: str, visits: Sequence[Visit], *, charts: int = 0) -> Iterator[Line]:
    """The figures of a page, each the median of its visits; of tasks the longest of all."""
    yield Line(name, "first seen", statistics.median(each.painted for each in visits), SEEN, "ms")
    yield Line(name, "whole document", statistics.median(each.answered for each in visits), SEEN, "ms")
    if charts:
        last = statistics.median(sorted(each.charts)[charts - 1] for each in visits)
        yield Line(name, f"{charts} charts drawn", last, CHARTS, "ms")
    yield Line(name, "weight without plotly", statistics.median(e.files for e in visits), WEIGHT, "bytes")
    yield Line(name, "longest task", max((max(e.tasks, default=0) for e in visits), default=0), TASK, "ms")


def still(browser: Browser, address: str, sweeps: Mapping[str, str], repeats: int) -> Iterator[Line]:
    """Every page that is asked to be quick, over what is in the store."""
    pages = (
        *((f"sweep, {name}", f"/sweeps/{sweeps[name]}", 2) for name in (USUAL, MANY)),
        (f"list of {SWEEPS:,} sweeps", "/sweeps", 0),
        ("100,000 runs", "/runs", 0),
        ("backpropagation", "/learn/backpropagation", 0),
        ("descent", "/learn/descent", 1),
        ("variables", "/learn/variables", 0),
        ("system", "/system", 0),
    )
    for name, path, charts in pages:
        visits = [visit(browser, address, TOKEN, path, charts=charts) for _ in range(repeats)]
        if any(each.status != httpx.codes.OK for each in visits):
            print(f"{name}: {path} answered {visits[0].status}, and was not measured", file=sys.stderr)
            continue
        yield from measured(name, visits, charts=charts)


def live(browser_seconds: float) -> Iterator[Line]:
    """A sweep of 1,000 runs while it is trained."""
    with running(workers=2) as site, window() as browser:
        sweep = site.submit(WATCHED)
        address = str(site.client.base_url).rstrip("/")
        token = site.client.headers["Authorization"].removeprefix("Bearer ")
        context = signed_in(browser, address, token)
        page = context.new_page()
        page.goto(f"{address}/sweeps/{sweep}")
        page.wait_for_function("() => window.seen.charts.length >= 2")
        tasks = watch(page, browser_seconds)
        state = site.client.get(f"/api/v1/sweeps/{sweep}").json()
        done = f"{state['progress']['epochs_done']:,} epochs of {state['progress']['epochs_total']:,} trained"
        yield Line(f"sweep, while it is trained ({done})", "longest task", max(tasks, default=0), TASK, "ms")
        site.cancel(sweep)
        context.close()


def wanted(runs: int) -> Sequence[Shape]:
    """The large store's sweeps, the two to look at, and so many of a single run that they are 10,000."""
    large = shapes(runs=runs, loss_rows=runs * 50)
    rest = range(SWEEPS - len(large) - 2)
    return [
        *large,
        Shape(USUAL, 100, 1, 100),
        Shape(MANY, 250, 4, 100, seeds=1),
        *(Shape(f"more {number}", 1, 1, 10, seeds=1) for number in rest),
    ]


def main() -> int:
    """Fill, visit and print; 1 if something was missed."""
    arguments = _arguments()
    facts: dict[str, Any] = {**machine(), "load before": load()}
    print("\n".join(f"- {name}: {value}" for name, value in facts.items()), "", sep="\n", flush=True)
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="backsweep-pages-") as name:
        url = f"sqlite:///{name}/backsweep.db"
        database = Database(url)
        upgrade(database)
        done = fill(database, LOCAL_OWNER, wanted(arguments.runs))
        database.dispose()
        with served(url, Path(name)) as api, window() as browser:
            address = str(api.client.base_url).rstrip("/")
            lines += still(browser, address, done.sweeps, arguments.repeats)
    if arguments.seconds:
        lines += live(arguments.seconds)
    print(markdown(("page", "", "found", "asked", "unit", ""), [line.cells() for line in lines]))
    print(f"\n- load after: {load()}")
    return int(any(line.missed for line in lines))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service.pages", description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5, help="visits to each page; the median counts")
    parser.add_argument(
        "--seconds", type=float, default=20.0, help="to watch a sweep being trained; 0 for none"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
