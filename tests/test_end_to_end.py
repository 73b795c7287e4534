"""The whole of it, as a person starts it: real processes, a real broker, and HTTP from outside."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
from safetensors.numpy import load
from sqlalchemy import select

from core.hashing import weights_sha256
from service.store.database import Database
from service.store.schema import PopulationRow
from tests.servers.waiting import eventually, runs

SWEEP: dict[str, Any] = {
    "name": "wine",
    "dataset": "wine",
    "seeds": 6,
    "parameters": {
        "learning_rate": {"distribution": "log_uniform_values", "min": 0.01, "max": 1, "count": 3},
        "hidden_layers": {"value": [16]},
        "epochs": 40,
    },
}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _serving(home: Path, **settings: str) -> Iterator[tuple[httpx.Client, subprocess.Popen[bytes]]]:
    """`backsweep up` in a folder of its own, and a client that carries its token."""
    port = _free_port()
    environment = {
        **os.environ,
        "BACKSWEEP_HOME": str(home),
        "BACKSWEEP_PORT": str(port),
        "BACKSWEEP_WORKERS": "2",
        **settings,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "up"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as client:
            eventually(lambda: _workers(client, process) == 2, "two live workers", seconds=60)
            token = (home / "token").read_text().strip()
            client.headers["Authorization"] = f"Bearer {token}"
            yield client, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(30)


def _workers(client: httpx.Client, process: subprocess.Popen[bytes]) -> int:
    assert process.poll() is None, "`backsweep up` ended"
    try:
        return int(client.get("/readyz").json()["workers"]["live"])
    except httpx.TransportError:
        return 0


def _submit(client: httpx.Client, sweep: dict[str, Any]) -> dict[str, Any]:
    response = client.post("/api/v1/sweeps", json=sweep)
    assert response.status_code == 201, response.text
    return dict(response.json())


def _finished(client: httpx.Client, sweep: dict[str, Any]) -> bool:
    state = client.get(f"/api/v1/sweeps/{sweep['id']}").json()["state"]
    assert state in ("queued", "running", "completed")
    return bool(state == "completed")


def test_a_sweep_goes_from_submit_to_headline_and_nothing_stays_behind(tmp_path: Path) -> None:
    with _serving(tmp_path) as (client, process):
        family = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
        sweep = _submit(client, SWEEP)
        assert sweep["runs"] == 18
        eventually(lambda: _finished(client, sweep), "the sweep is completed", seconds=60)
        summary = client.get(f"/api/v1/sweeps/{sweep['id']}/summary").json()
        assert "is best at 40 epochs" in summary["headline"]
        assert "linear" in summary["headline"]
        runs_of = client.get("/api/v1/runs", params={"sweep": sweep["id"], "role": "search"}).json()["items"]
        assert [run["number"] for run in runs_of] == list(range(1, 19))
        run = runs_of[-1]
        losses = client.get(f"/api/v1/runs/{run['id']}/losses").json()
        assert [row[0] for row in losses["rows"]] == list(range(1, 41))
        weights = client.get(f"/api/v1/runs/{run['id']}/weights").content
        assert weights_sha256(load(weights)) == run["weights_sha256"]
    assert process.returncode == 0
    eventually(lambda: not any(runs(pid) for pid in family), "no process stays behind")


def test_killed_workers_change_neither_the_runs_nor_their_bits(tmp_path: Path) -> None:
    longer = {**SWEEP, "parameters": {**SWEEP["parameters"], "epochs": 400}}
    fast = {
        "BACKSWEEP_LEASE_SECONDS": "1.5",
        "BACKSWEEP_RECORD_SECONDS": "0.1",
        "BACKSWEEP_CHECKPOINT_SECONDS": "0.2",
    }
    digests = {}
    for name in ("quiet", "killed"):
        with _serving(tmp_path / name, **fast) as (client, process):
            sweep = _submit(client, longer)
            if name == "killed":
                _kill_trainers(tmp_path / name, process, times=3)
            eventually(lambda: _finished(client, sweep), "the sweep is completed", seconds=90)  # noqa: B023
            items = client.get("/api/v1/runs", params={"sweep": sweep["id"], "limit": 100}).json()["items"]
            digests[name] = [(run["number"], run["seed"], run["weights_sha256"]) for run in items]
    assert len(digests["quiet"]) == 36
    assert digests["killed"] == digests["quiet"]


def _kill_trainers(home: Path, process: subprocess.Popen[bytes], times: int) -> None:
    """SIGKILL to whoever trains, each time while a population is running."""
    database = Database(f"sqlite:///{home / 'backsweep.db'}")
    for _ in range(times):
        eventually(lambda: _is_training(database), "a population is running")
        for worker in psutil.Process(process.pid).children():
            if "worker" in worker.cmdline():
                for trainer in worker.children(recursive=True):
                    trainer.send_signal(signal.SIGKILL)
    database.dispose()


def _is_training(database: Database) -> bool:
    with database.read() as session:
        return bool(session.scalars(select(PopulationRow.id).where(PopulationRow.state == "running")).all())


def test_the_demo_shows_the_answer_and_leaves_no_process(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "BACKSWEEP_HOME": str(tmp_path),
        "BACKSWEEP_PORT": str(_free_port()),
        "COLUMNS": "140",
    }
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    finished = subprocess.run(
        [sys.executable, "-m", "service.cli", "demo"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "is best at 30 epochs (batch 32, sgd, cross-entropy)" in finished.stdout
    assert finished.stdout.count(" of 20 ") >= 13
    left = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
    assert left == []
