"""A page of results says first where, when and with what they were measured."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.cases import ROWS
from benchmarks.comparison import Outcome
from benchmarks.growth import Growth
from benchmarks.tables import comparison_table, growth_table, notes, summary_table

About = Mapping[str, Mapping[str, str]]  # versions by contender

EXPLANATION = """\
Run-epochs per second of processor time, the median of {rounds} rounds in which the contenders take turns;
time to compile and warm up is left out. Digits, {rows:,} training rows, batches of 32, float32, 64-64-10 with
relu; the same first weights and, but for scikit-learn, the same order of examples; nobody validates.
"Backsweep is" says how many times as fast it is, compared within a round, by compiled steps
and by NumPy alone. "loss" is the median relative difference of final training losses from
Backsweep's. In each of its measurements three of Backsweep's runs had the same SHA-256 of their weights as
when trained alone."""


def heading(facts: Mapping[str, str], about: About, missing: Mapping[str, str], rounds: int) -> str:
    """Return machine, versions with the kernel of each BLAS, and what the figures mean."""
    lines = [f"- {name}: {value}" for name, value in facts.items()]
    for name, versions in about.items():
        lines.append(f"- {name}: {', '.join(f'{key} {value}' for key, value in versions.items())}")
    lines += [f"- {name}: {reason}" for name, reason in missing.items()]
    return "\n".join([*lines, "", EXPLANATION.format(rounds=rounds, rows=ROWS)])


def write(
    path: Path,
    facts: Mapping[str, str],
    about: About,
    missing: Mapping[str, str],
    rounds: int,
    outcomes: Sequence[Outcome],
    growths: Sequence[Growth],
) -> None:
    """Write a page for people and the numbers for programs, under one name."""
    numbers: dict[str, Any] = {
        "machine": facts,
        "contenders": about,
        "missing": missing,
        "cases": [asdict(outcome) for outcome in outcomes],
        "growth": [asdict(growth) for growth in growths],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".json").write_text(json.dumps(numbers, indent=1) + "\n")
    page = [
        "# The core beside its peers",
        heading(facts, about, missing, rounds),
        "\n".join([summary_table(outcomes), "", *notes(outcomes)]).strip(),
        *map(comparison_table, outcomes),
        *map(growth_table, growths),
    ]
    path.with_suffix(".md").write_text("\n\n".join(page) + "\n")
