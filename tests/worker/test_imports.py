"""What a process loads is checked in a process: linters do not see what packages import at their top."""

from __future__ import annotations

import subprocess
import sys

import pytest


def _loaded(statement: str) -> set[str]:
    program = f"{statement}; import sys; print('\\n'.join(sys.modules))"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(finished.stdout.split())


@pytest.mark.parametrize("module", ["worker.tasks", "worker.execution", "worker.__main__"])
def test_a_worker_loads_no_web_framework(module: str) -> None:
    assert not _loaded(f"import {module}") & {"fastapi", "starlette", "uvicorn", "service.api", "service.app"}


def test_the_core_loads_numpy_and_nothing_else_that_was_installed() -> None:
    loaded = _loaded("import core.training, core.evaluation, core.environment")
    outside = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    assert {name for name in outside if not name.startswith("_")} <= {
        "core",
        "numpy",
        "cython_runtime",
        "sitecustomize",
    }


def test_the_service_never_loads_the_worker() -> None:
    assert not {name for name in _loaded("import service.app, service.cli") if name.startswith("worker")}
