"""`python -m benchmarks.service.pages` times the dashboard in headless Chromium on a large store.

"still": the median of several visits counts, each with an empty cache, on 10,000 sweeps and 100,000 runs.
"live": sweeps of 1,000 runs x 100 epochs are watched while two workers train them.
Ends with 1 if something that is asked was missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser

from benchmarks.machine import load, machine
from benchmarks.service.api_process import TOKEN, served
from benchmarks.service.page_visits import Visit, signed_in, visit, watch, window
from benchmarks.service.site import running
from benchmarks.service.store_fill import fill
from benchmarks.service.store_shapes import HUGE, RANDOM, Shape, shapes
from benchmarks.tables import markdown
from service.lifecycle.owners import LOCAL_OWNER
from service.store.database import Database
from service.store.migrate import upgrade

SEEN, CHARTS, TASK, WEIGHT = 1000.0, 2000.0, 100.0, 150_000.0  # asked: ms, ms, ms, bytes
SWEEPS = 10_000
USUAL = "1,000 runs of 100 epochs"
MANY = "1,000 settings with one seed"
RESULTS = Path(__file__).parent.parent / "results" / "pages.md"
EXPLANATION = """\
Headless Chromium with an empty cache, 1280 x 900; API process, browser and workers share the machine. Times
are milliseconds from the click: "first seen" is the first frame with the headline and the first rows of the
page's table in it, "charts drawn" the moment when the last of so many is. Medians of the visits; of tasks
the longest of all visits. A page's weight is what travels of its document, sheets and modules, compressed,
without the API's answers."""
RATES = {"distribution": "log_uniform_values", "min": 0.001, "max": 1}
WATCHED: Mapping[str, Mapping[str, Any]] = {
    "100 settings with 10 seeds": {"seeds": 10, "parameters": {"learning_rate": {**RATES, "count": 100}}},
    "1,000 settings with one seed": {
        "seeds": 1,
        "parameters": {
            "learning_rate": {**RATES, "count": 250},
            "activation": {"values": ["relu", "tanh", "sigmoid", "elu"]},
        },
    },
}


@dataclass(frozen=True, slots=True)
class Line:
    """One figure, and what is asked of it."""

    page: str
    what: str
    found: float
    asked: float | None  # None: nothing is, it is only looked at
    unit: str

    @property
    def missed(self) -> bool:
        """Whether it is above what is asked."""
        return self.asked is not None and self.found > self.asked

    def cells(self) -> tuple[str, ...]:
        """A row of the table."""
        verdict = "missed" if self.missed else ""
        asked = "" if self.asked is None else f"{self.asked:,.0f}"
        return (self.page, self.what, f"{self.found:,.0f}", asked, self.unit, verdict)


@dataclass(frozen=True, slots=True)
class Looked:
    """A page to visit: what has to be seen in it, and how many charts."""

    name: str
    path: str
    sought: str = "main h1"
    charts: int = 0


def measured(page: Looked, visits: Sequence[Visit]) -> Iterator[Line]:
    """The figures of a page, each the median of its visits; of tasks the longest of all."""
    yield Line(page.name, "first seen", statistics.median(each.seen for each in visits), SEEN, "ms")
    if page.charts:
        last = statistics.median(sorted(each.charts)[page.charts - 1] for each in visits)
        yield Line(page.name, f"{page.charts} charts drawn", last, CHARTS, "ms")
    yield Line(page.name, "weight", statistics.median(each.weight for each in visits), WEIGHT, "bytes")
    longest = max((max(each.tasks, default=0) for each in visits), default=0)
    yield Line(page.name, "longest task as it loads", longest, None, "ms")


def pages(sweeps: Mapping[str, str]) -> Sequence[Looked]:
    """Every page that is asked to be quick, over what is in the store."""
    table = "#settings tbody tr"  # the headline stands before it
    return (
        *(Looked(f"sweep, {name}", f"/sweeps/{sweeps[name]}", table, 2) for name in (USUAL, MANY)),
        *(Looked(f"sweep, {name}", f"/sweeps/{sweeps[name]}", table, 2) for name in (RANDOM, HUGE)),
        Looked(f"list of {SWEEPS:,} sweeps", "/sweeps", "main table tbody tr"),
        Looked("100,000 runs", "/runs", "main table tbody tr"),
        Looked("100,000 runs, the best", "/runs?order_by=metrics.validation_loss", "main table tbody tr"),
        Looked(
            "100,000 runs, filtered",
            "/runs?filter=metrics.validation_accuracy+%3E+0.5+and+params.optimizer+%3D+'adam'",
            "main table tbody tr",
        ),
        Looked("backpropagation", "/learn/backpropagation"),
        Looked("descent", "/learn/descent"),
        Looked("variables", "/learn/variables"),
        Looked("system", "/system"),
    )


def still(
    browser: Browser, address: str, sweeps: Mapping[str, str], arguments: argparse.Namespace
) -> Iterator[Line]:
    """Visit every page whose name holds what is asked for."""
    for page in pages(sweeps):
        if arguments.only not in page.name:
            continue
        visits = [
            visit(browser, address, TOKEN, page.path, sought=page.sought, charts=page.charts)
            for _ in range(arguments.repeats)
        ]
        if any(each.status != httpx.codes.OK for each in visits):
            raise RuntimeError(f"{page.name}: {page.path} answered {visits[0].status}")
        lines = list(measured(page, visits))
        print(
            f"{page.name}: {dict(visits[-1].bytes)} {[each.tasks for each in visits]}",
            file=sys.stderr,
            flush=True,
        )
        yield from lines


def live(arguments: argparse.Namespace) -> Iterator[Line]:
    """Sweeps of 1,000 runs while they are trained."""
    with running(workers=2) as site, window() as browser:
        address = str(site.client.base_url).rstrip("/")
        token = site.client.headers["Authorization"].removeprefix("Bearer ")
        for name, changes in WATCHED.items():
            if arguments.only not in name:
                continue
            parameters = {**changes["parameters"], "hidden_layers": {"value": [32]}, "epochs": 100}
            sweep = site.submit({"name": name, "dataset": "digits", **changes, "parameters": parameters})
            context = signed_in(browser, address, token, "h1")
            page = context.new_page()
            page.goto(f"{address}/sweeps/{sweep}")
            page.wait_for_function("() => window.seen.charts.length >= 2")
            seen = watch(page, arguments.seconds)
            state = site.client.get(f"/api/v1/sweeps/{sweep}").json()
            context.close()
            site.cancel(sweep)
            done = f"{state['progress']['fraction']:.0%} trained, {seen.updates} updates"
            print(f"{name}: {done}, tasks {sorted(seen.tasks)}", file=sys.stderr, flush=True)
            yield Line(
                f"{name}, while it trains ({done})", "longest task", max(seen.tasks, default=0), TASK, "ms"
            )


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


@contextmanager
def filled(arguments: argparse.Namespace) -> Iterator[tuple[Path, Mapping[str, str]]]:
    """A folder with a filled database, and its sweeps' ids by name; one that was named is kept."""
    kept = arguments.store
    with nullcontext(kept) if kept else tempfile.TemporaryDirectory(prefix="backsweep-pages-") as name:
        folder = Path(name)
        folder.mkdir(exist_ok=True, parents=True)
        names = folder / "sweeps.json"
        database = Database(f"sqlite:///{folder}/backsweep.db")
        upgrade(database)
        if not names.exists():
            names.write_text(json.dumps(dict(fill(database, LOCAL_OWNER, wanted(arguments.runs)).sweeps)))
        database.dispose()
        yield folder, json.loads(names.read_text())


def part(name: str, arguments: argparse.Namespace) -> Mapping[str, Any]:
    """Measure one part."""
    facts: dict[str, Any] = {"machine": machine(), "load before": load()}
    if name == "live":
        lines = list(live(arguments))
    else:
        with (
            filled(arguments) as (folder, sweeps),
            served(f"sqlite:///{folder}/backsweep.db", folder) as api,
            window() as browser,
        ):
            lines = list(still(browser, str(api.client.base_url).rstrip("/"), sweeps, arguments))
    return {**facts, "load after": load(), "lines": [asdict(line) for line in lines]}


def written(parts: Mapping[str, Mapping[str, Any]]) -> str:
    """All parts for people."""
    titles = {
        "still": "Visits to a store of 10,000 sweeps and 100,000 runs",
        "live": "While a sweep is trained",
    }
    sections = ["# Pages in a browser", EXPLANATION]
    for name, title in titles.items():
        if name not in parts:
            continue
        facts = parts[name]
        about = {**facts["machine"], "load before": facts["load before"], "load after": facts["load after"]}
        rows = [Line(**line).cells() for line in facts["lines"]]
        table = markdown(("page", "", "found", "asked", "unit", ""), rows)
        sections += [f"## {title}", "\n".join(f"- {key}: {value}" for key, value in about.items()), table]
    return "\n\n".join(sections) + "\n"


def main() -> int:
    """Measure, print and write; 1 if something was missed."""
    arguments = _arguments()
    parts = {
        name: part(name, arguments) for name in ([arguments.part] if arguments.part else ("still", "live"))
    }
    print(written(parts))
    if not arguments.only:
        kept = RESULTS.with_suffix(".json")
        before = json.loads(kept.read_text()) if kept.exists() else {}
        kept.write_text(json.dumps({**before, **parts}, indent=1) + "\n")
        RESULTS.write_text(written({**before, **parts}))
    return int(any(Line(**line).missed for facts in parts.values() for line in facts["lines"]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service.pages", description=__doc__)
    parser.add_argument("--part", choices=("still", "live"), help="one of the two; writes its part alone")
    parser.add_argument("--only", default="", help="pages whose name holds this; writes nothing")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5, help="visits to each page; the median counts")
    parser.add_argument("--seconds", type=float, default=30.0, help="to watch each sweep being trained")
    parser.add_argument("--store", help="a folder: its filled database is used again, or filled and kept")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
