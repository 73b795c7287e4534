"""A verification whose worker is killed is taken up again, and ends with the same verdict."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy import select

from service.lifecycle.owners import local_owner
from service.lifecycle.verify import verify_run
from service.store.database import Database
from service.store.schema import Verification
from tests.servers.waiting import eventually
from tests.service.training import trained

ROOT = Path(__file__).parents[2]
STEPS = 5_000  # half a second of training or more: long enough to be killed in the midst of it


@contextmanager
def worker(broker_url: str, database_url: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "BACKSWEEP_HOME": str(folder),
        "BACKSWEEP_BROKER_URL": broker_url,
        "BACKSWEEP_DATABASE_URL": database_url,
        "BACKSWEEP_LEASE_SECONDS": "3",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "worker", "w1"],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def trains(process: subprocess.Popen[bytes]) -> psutil.Process:
    """The training process of a worker's main process."""
    (found,) = (
        child for child in psutil.Process(process.pid).children() if "spawn_main" in " ".join(child.cmdline())
    )
    return found


def test_a_killed_training_process_costs_a_verification_nothing_but_time(
    broker_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    database = Database(sqlite_url)
    function = {"expression": "x**3 + 3*x**2", "start": {"x": -1.9}}
    (run,) = trained(
        database, tmp_path / "home", function=function, parameters={"epochs": STEPS, "learning_rate": 0.45}
    )
    database.run(lambda session: verify_run(session, local_owner(session), run))

    def standing() -> tuple[str, int]:
        with database.read() as session:
            row = session.scalars(select(Verification)).one()
            return row.state, row.leases_lost

    with worker(broker_url, sqlite_url, tmp_path) as process:
        eventually(lambda: standing() == ("running", 0), "the verification runs")
        trains(process).kill()
        eventually(lambda: standing()[1] == 1, "the lost lease is counted")
        eventually(lambda: standing() == ("matches", 1), "the verdict of the second attempt")
    database.dispose()
