"""`python -m benchmarks.oracles` records what other libraries compute, for tests to compare the core with.

It writes tests/core/oracles/: small cases with all that they began with, and how they ended.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.contenders import ONE_THREAD, ROOT
from benchmarks.oracles.cases import PYTORCH, SCIKIT_LEARN, Case
from benchmarks.oracles.inputs import kept, start, tables

FOLDER = ROOT / "tests/core/oracles"
LIBRARIES = {"pytorch": PYTORCH, "scikit_learn": SCIKIT_LEARN}


def main() -> int:
    """Draw the inputs, ask the libraries, write the files."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.oracles", description=__doc__)
    parser.add_argument(
        "--peers",
        type=Path,
        default=ROOT / ".venv-bench/bin/python",
        help="the Python that has torch and scikit-learn (default: .venv-bench's)",
    )
    parser.add_argument("--output", type=Path, default=FOLDER, help=f"default: {FOLDER.relative_to(ROOT)}")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    for library, cases in LIBRARIES.items():
        question = _question(cases)
        answer = _ask(arguments.peers, library, question)
        for asked, ended in zip(question["cases"], answer.pop("cases"), strict=True):
            asked.update(ended)
        text = _written({"versions": answer.pop("versions"), **answer, **question})
        path = arguments.output / f"{library}.json"
        path.write_text(text)
        print(f"{path}: {len(cases)} cases, {len(text) / 1e3:.0f} kB")
    return 0


def _question(cases: Sequence[Case]) -> dict[str, Any]:
    """Return cases with what they begin with; a beginning that several have in common is named once."""
    known = tables()
    starts: dict[str, dict[str, Any]] = {}
    names: dict[str, str] = {}
    asked = []
    for case in cases:
        table = known[case.table]
        drawn = start(case, table)
        name = names.setdefault(json.dumps(drawn), f"{case.table}: {case.name}")
        starts[name] = drawn
        stays = kept(case, table["task"])
        one = {
            "name": case.name,
            "table": case.table,
            "start": name,
            "seed": case.seed,
            "values": case.values,
        }
        asked.append(one if stays is None else {**one, "kept": stays})
    return {"tables": known, "starts": starts, "cases": asked}


def _ask(python: Path, library: str, question: dict[str, Any]) -> dict[str, Any]:
    """Return what a library's program answers, in a process of the Python that has the library."""
    done = subprocess.run(  # noqa: S603 — its arguments stand in this file
        [str(python), "-m", f"benchmarks.oracles.{library}"],
        cwd=ROOT,
        env={**os.environ, **ONE_THREAD},
        input=json.dumps(question),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _written(document: dict[str, Any]) -> str:
    """Return JSON with a line for each table, start, case and fact, floats by repr."""
    parts = []
    for name, part in document.items():
        if isinstance(part, dict):
            lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in part.items()]
            parts.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n}")
        else:
            parts.append(f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(one) for one in part) + "\n]")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main())
