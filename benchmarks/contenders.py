"""Every contender is a process with one thread, all on one core, and only one works at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
ONE_THREAD = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # The second is no flag of XLA's with dashes, and yet read from this variable.
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}


class Unavailable(Exception):
    """A contender cannot run here; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Someone to compare: a program of benchmarks/peers and where it runs."""

    name: str
    program: str
    package: str | None = None  # what it needs beside Backsweep's own dependencies
    environment: dict[str, str] = field(default_factory=dict)
    one_by_one: bool = False  # trains runs one after the other, so that a few of them tell the speed
    same_order: bool = True  # sees examples in the task's order


BACKSWEEP = Contender("Backsweep", "backsweep")
BY_NUMPY = Contender("Backsweep by NumPy", "backsweep", environment={"BACKSWEEP_COMPILED": "0"})
JAX = Contender("JAX vmap", "jax_vmap", "jax")
SCIKIT_LEARN = Contender("scikit-learn", "scikit_learn", "scikit-learn", one_by_one=True, same_order=False)
CONTENDERS = (
    BACKSWEEP,
    BY_NUMPY,
    JAX,
    Contender("PyTorch vmap", "torch_vmap", "torch"),
    Contender("PyTorch loop", "torch_loop", "torch", one_by_one=True),
    SCIKIT_LEARN,
)


class Running:
    """A contender's process; `about` names its versions and what computes its products."""

    def __init__(self, contender: Contender, peers_python: Path) -> None:
        """Start it.

        Raises: Unavailable.
        """
        self.contender = contender
        python = Path(sys.executable) if contender.package is None else peers_python
        if not python.exists():
            raise Unavailable(
                "not measured; there is no virtual environment for it yet, `make bench` makes one"
            )
        environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 — lives as long as the process
        self._process = subprocess.Popen(  # noqa: S603 — its arguments stand in this file
            [str(python), "-m", f"benchmarks.peers.{contender.program}"],
            cwd=ROOT,
            env={**environment, **ONE_THREAD, **contender.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.about = self._read()

    def prepare(self, task: Path) -> dict[str, Any]:
        """Hand over a task, and return facts once it is compiled and warm."""
        return self._ask({"task": str(task)})

    def measure(self) -> dict[str, Any]:
        """Train once and return seconds, wall_seconds and losses."""
        return self._ask({"measure": True})

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        self._errors.close()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None  # noqa: S101 — opened above, for the type checker
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 — opened above, for the type checker
        line = self._process.stdout.readline()
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        self._process.wait()
        self._errors.seek(0)
        errors = self._errors.read().strip()
        package = self.contender.package
        if package is not None and "ModuleNotFoundError" in errors:
            raise Unavailable(f"not measured; it needs `.venv-bench/bin/python -m pip install {package}`")
        raise RuntimeError(f"{self.contender.name} ended with {self._process.returncode}:\n{errors}")


def bind_to_one_core(core: int | None) -> str:
    """Bind this process, and those it starts, to one core, the last unless told; return what was done."""
    if not hasattr(os, "sched_setaffinity"):
        return "one thread each, not bound to a core: this system has no call for it"
    chosen = max(os.sched_getaffinity(0)) if core is None else core
    os.sched_setaffinity(0, {chosen})
    return f"one thread each, all bound to core {chosen}"
