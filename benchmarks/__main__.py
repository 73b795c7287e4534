"""`python -m benchmarks` compares the core with its peers and shows how its cost grows.

Tables are printed as they are done; a whole run, not a --quick one, also writes them to benchmarks/results.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cases import CASES, REFERENCE, Case
from benchmarks.comparison import Outcome, compare
from benchmarks.contenders import BACKSWEEP, CONTENDERS, JAX, ROOT, Running, Unavailable, bind_to_one_core
from benchmarks.growth import Growth, measure_growth
from benchmarks.machine import load, machine
from benchmarks.results import heading, write
from benchmarks.tables import comparison_table, growth_table, notes, summary_table

RESULTS = Path(__file__).parent / "results" / "latest"


@dataclass(frozen=True, slots=True)
class Effort:
    """How long and how thoroughly to measure."""

    cases: tuple[Case, ...]
    epochs: int
    rounds: int
    growth_rounds: int
    every: int  # of the growth's sizes


FULL = Effort(cases=CASES, epochs=10, rounds=3, growth_rounds=3, every=1)
QUICK = Effort(cases=(REFERENCE, CASES[-1]), epochs=3, rounds=3, growth_rounds=1, every=3)


def main() -> int:
    """Measure, print, write; 1 if a contender trained something else."""
    arguments = _arguments()
    effort = QUICK if arguments.quick else FULL
    binding = bind_to_one_core(arguments.core)
    facts = {**machine(), "binding": binding, "load before": load()}
    running, missing = _start(arguments.peers)
    about = {peer.contender.name: peer.about for peer in running}
    print(f"{heading(facts, about, missing, effort.rounds)}\n", flush=True)
    try:
        with tempfile.TemporaryDirectory() as name:
            outcomes = _compare(effort, running, Path(name))
            growths = _grow(effort, running, Path(name))
    finally:
        for peer in running:
            peer.close()
    facts["load after"] = load()
    print(summary_table(outcomes), *notes(outcomes), sep="\n")
    if not arguments.quick:
        write(arguments.output, facts, about, missing, effort.rounds, outcomes, growths)
    return int(any(not timing.agrees for outcome in outcomes for timing in outcome.timings))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute, for a first impression")
    parser.add_argument("--core", type=int, help="the core that everyone is bound to (default: the last)")
    parser.add_argument(
        "--peers",
        type=Path,
        default=ROOT / ".venv-bench/bin/python",
        help="the Python that has jax, scikit-learn and, if wanted, torch (default: .venv-bench's)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=RESULTS,
        help="where a whole run's results go, with .md and .json added (default: benchmarks/results/latest)",
    )
    return parser.parse_args()


def _start(peers_python: Path) -> tuple[list[Running], dict[str, str]]:
    """Start whoever can run, and say why the others cannot."""
    running, missing = [], {}
    for contender in CONTENDERS:
        try:
            running.append(Running(contender, peers_python))
        except Unavailable as reason:
            missing[contender.name] = str(reason)
    return running, missing


def _compare(effort: Effort, running: list[Running], folder: Path) -> list[Outcome]:
    """Run the cases, and print each as it is done."""
    outcomes = []
    for case in effort.cases:
        outcomes.append(compare(case, running, effort.epochs, effort.rounds, folder))
        print(f"{comparison_table(outcomes[-1])}\n", flush=True)
    return outcomes


def _grow(effort: Effort, running: list[Running], folder: Path) -> list[Growth]:
    """Vary the sizes, and print each table as it is done."""
    growths = []
    growing = [peer for peer in running if peer.contender in (BACKSWEEP, JAX)]
    for growth in measure_growth(growing, effort.growth_rounds, folder, every=effort.every):
        growths.append(growth)
        print(f"{growth_table(growth)}\n", flush=True)
    return growths


if __name__ == "__main__":
    sys.exit(main())
