"""`python -m benchmarks.service` measures recording, workers and recovery on real sites of this machine.

Tables are printed as they are done; a whole run, not a --quick one, also writes them to benchmarks/results.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.machine import load, machine
from benchmarks.service.measurements import MEASUREMENTS
from benchmarks.service.plan import FULL, QUICK
from benchmarks.service.report import heading, write
from service.machine import usable_cores
from tests.servers.postgres import NoPostgres

RESULTS = Path(__file__).parents[1] / "results" / "service"


def main() -> int:
    """Measure, print, write; 2 if --postgres was asked for and there is none."""
    arguments = _arguments()
    effort = QUICK if arguments.quick else FULL
    facts = {**machine(), "usable cores": str(usable_cores()), "load before": load()}
    print(f"{heading(facts)}\n", flush=True)
    sections = []
    for name in arguments.only or MEASUREMENTS:
        try:
            section = MEASUREMENTS[name](effort, arguments.postgres)
        except NoPostgres as reason:
            print(f"--postgres cannot be had here: {reason}", file=sys.stderr)
            return 2
        print(section.text(), *section.doubts(), sep="\n", flush=True)
        sections.append(section)
    facts["load after"] = load()
    if not arguments.quick and not arguments.only:
        write(arguments.output, facts, sections)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute, for a first impression")
    parser.add_argument(
        "--postgres",
        action="store_true",
        help="measure on a PostgreSQL of its own what is otherwise measured on SQLite; overhead is on both",
    )
    parser.add_argument(
        "--only", action="append", choices=tuple(MEASUREMENTS), help="one measurement (may be repeated)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=RESULTS,
        help="where a whole run's results go, with .md and .json added (default: benchmarks/results/service)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
