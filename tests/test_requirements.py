"""Whoever installs requirements/runtime.lock and nothing else can load everything that runs."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
OURS = {"backsweep", "backsweep-client"}
# Every module of ours (but programs, and a library without Python's interface), and what Celery loads late.
LOAD = """
import importlib, json, pkgutil, sys
hidden = set(json.loads(sys.argv[1]))

class Hiding:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hiding())
for package in map(importlib.import_module, ("core", "service", "worker")):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not found.name.endswith(("__main__", "_kernels")):
            importlib.import_module(found.name)
for name in ("celery.worker", "celery.bin.worker", "kombu.transport.redis", "kombu.transport.filesystem"):
    importlib.import_module(name)
"""


def loading(*, without: set[str]) -> str:
    """What is said of loading everything where these modules are not installed."""
    arguments = [sys.executable, "-c", LOAD, json.dumps(sorted(without))]
    done = subprocess.run(arguments, check=False, cwd=ROOT, capture_output=True, text=True, timeout=120)
    return done.stderr


def test_what_runs_needs_nothing_beyond_its_lock() -> None:
    lock = (ROOT / "requirements" / "runtime.lock").read_text(encoding="utf-8")
    locked = OURS | {_normal(line.partition("==")[0]) for line in lock.splitlines() if "==" in line}
    others = {
        module
        for module, distributions in packages_distributions().items()
        if locked.isdisjoint(map(_normal, distributions))
    }
    assert "pytest" in others
    assert loading(without=others) == ""
    assert "No module named 'packaging'" in loading(without={*others, "packaging"})


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
