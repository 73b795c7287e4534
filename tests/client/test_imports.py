"""What the package loads is checked in a process of its own."""

from __future__ import annotations

import subprocess
import sys

SERVER = {"core", "service", "worker", "migrations", "fastapi", "sqlalchemy", "celery", "pydantic", "typer"}
HEAVY = {"numpy", "sklearn", "pandas", "polars", "IPython"}


def test_importing_the_client_loads_nothing_of_the_server_and_no_numpy() -> None:
    program = "import backsweep_client, sys; print('\\n'.join(sys.modules))"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in finished.stdout.split()}
    assert "httpx" in loaded
    assert not loaded & (SERVER | HEAVY)
