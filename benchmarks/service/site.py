"""A real site of its own for each measurement: broker, API, workers and database, all gone afterwards."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from benchmarks.service.metered import FOLDER
from service.lifecycle.workers import live_workers
from service.settings import Settings
from service.store.database import Database
from service.store.schema import LossRow, PopulationRow, Run, Sweep, Worker
from service.supervisor.up import Programs, started
from tests.servers.postgres import create_database, running_postgres

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0  # seconds for anything to happen
LOOK = 0.1  # seconds between two looks at a sweep; times are read from the database, not from these looks
METERED = (sys.executable, "-m", "benchmarks.service.metered")


class NoTrainingProcess(Exception):
    """A worker has no process to train in."""


@dataclass(frozen=True, slots=True)
class Span:
    """When a sweep was trained, in seconds since 1970 by the database's clock."""

    first_claim: float
    last_end: float

    @property
    def seconds(self) -> float:
        """From the first claim to the last end."""
        return self.last_end - self.first_claim


@dataclass(frozen=True, slots=True)
class Site:
    """A running site, seen from outside; `metered` holds what its workers write down."""

    client: httpx.Client
    database: Database
    metered: Path

    def submit(self, sweep: Mapping[str, Any]) -> str:
        """Submit over HTTP; the public id."""
        response = self.client.post("/api/v1/sweeps", json=sweep)
        if response.status_code != httpx.codes.CREATED:
            raise RuntimeError(f"the sweep was refused: {response.text}")
        return str(response.json()["id"])

    def cancel(self, sweep: str) -> None:
        """Cancel a sweep, unless it has ended."""
        response = self.client.post(f"/api/v1/sweeps/{sweep}:cancel")
        if response.status_code != httpx.codes.CONFLICT:
            response.raise_for_status()

    def finished(self, sweep: str, look: Callable[[], object] = lambda: None) -> Span:
        """Wait until every run has ended, calling `look` now and then, and say when that was."""

        def completed() -> bool:
            look()
            with self.database.read() as session:
                state = session.scalar(select(Sweep.state).where(Sweep.public_id == sweep))
            if state not in ("queued", "running", "completed"):
                raise RuntimeError(f"the sweep is {state}")
            return state == "completed"

        wait_until(completed, "the sweep is completed", every=LOOK)
        with self.database.read() as session:
            of_sweep = select(PopulationRow).join(Sweep, Sweep.id == PopulationRow.sweep_id)
            populations = session.scalars(of_sweep.where(Sweep.public_id == sweep)).all()
        first = min(population.started_at or 0 for population in populations)
        last = max(population.finished_at or 0 for population in populations)
        return Span(first / 1000, last / 1000)

    def train(self, sweep: Mapping[str, Any]) -> Span:
        """Submit and wait."""
        return self.finished(self.submit(sweep))

    def populations(self) -> int:
        """How many populations there are."""
        return self._count(PopulationRow.id)

    def loss_rows(self) -> int:
        """How many epochs of runs are recorded."""
        return self._count(LossRow.epoch)

    def ended_runs(self) -> tuple[int, float]:
        """How many runs have ended, and when the first did, in seconds since 1970."""
        with self.database.read() as session:
            ended = session.scalars(select(Run.finished_at).where(Run.finished_at.is_not(None))).all()
        return len(ended), min(moment for moment in ended if moment is not None) / 1000

    def at_rest(self) -> bool:
        """Look for half a second whether every worker has a training process that does nothing."""
        try:
            trainers = [training_process(worker) for worker in self.worker_processes()]
            before = [_processor_seconds(trainer) for trainer in trainers]
            time.sleep(0.5)
            return all(
                _processor_seconds(trainer) - seconds < 0.05
                for trainer, seconds in zip(trainers, before, strict=True)
            )
        except (psutil.NoSuchProcess, NoTrainingProcess):
            return False

    def worker_process(self, name: str) -> psutil.Process:
        """The main process of a worker."""
        with self.database.read() as session:
            process_id = session.scalars(select(Worker.process_id).where(Worker.name == name)).one()
        return psutil.Process(process_id)

    def worker_processes(self) -> list[psutil.Process]:
        """The main process of every worker."""
        with self.database.read() as session:
            names = session.scalars(select(Worker.name).order_by(Worker.name)).all()
        return [self.worker_process(name) for name in names]

    def _count(self, column: InstrumentedAttribute[int]) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count(column))) or 0

    def api_process(self) -> psutil.Process:
        """The process that answers HTTP."""
        for child in psutil.Process().children():
            if "service.supervisor.web" in child.cmdline():
                return child
        raise RuntimeError("no child of this process is the API")


def training_process(worker: psutil.Process) -> psutil.Process:
    """The process in which a worker trains; beside it there is one that only counts semaphores.

    Raises:
        NoTrainingProcess: it was killed, and there is no new one yet.
    """
    for child in worker.children():
        if any("spawn_main" in part for part in child.cmdline()):
            return child
    raise NoTrainingProcess(f"worker process {worker.pid} has none")


def database_name(postgres: bool) -> str:
    """What the database is called in tables."""
    return "PostgreSQL" if postgres else "SQLite"


def _processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def wait_until(condition: Callable[[], object], what: str, every: float = 0.01) -> None:
    """Return as soon as the condition holds.

    Raises:
        TimeoutError: it did not for five minutes.
    """
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {PATIENCE:g} s still not: {what}")
        time.sleep(every)


@contextmanager
def running(
    *, workers: int, postgres: bool = False, metered: bool = False, settings: Mapping[str, str] | None = None
) -> Iterator[Site]:
    """Start a site with so many workers, all of them waiting for work.

    Raises:
        NoPostgres: it was asked for and cannot be had.
    """
    with tempfile.TemporaryDirectory(prefix="backsweep-bench-") as name, _database(postgres) as url:
        home, folder = Path(name) / "home", Path(name) / "metered"
        folder.mkdir()
        variables = {
            "BACKSWEEP_HOME": str(home),
            "BACKSWEEP_PORT": str(_free_port()),
            "BACKSWEEP_WORKERS": str(workers),
            **({"BACKSWEEP_DATABASE_URL": url} if url else {}),
            **(settings or {}),
        }
        programs = Programs(worker=METERED) if metered else Programs()
        given = Settings.from_environment(variables)
        with (
            _variables({"PYTHONPATH": str(ROOT), FOLDER: str(folder)}),
            started(given, say=lambda _: None, programs=programs) as site,
            httpx.Client(base_url=site.url, timeout=PATIENCE, trust_env=False) as client,
        ):
            client.headers["Authorization"] = f"Bearer {site.token}"
            database = Database(given.database_url)
            try:
                running_site = Site(client, database, folder)
                wait_until(lambda: _live(database) == workers, f"{workers} live workers")
                wait_until(running_site.at_rest, "the workers have measured their machine")
                yield running_site
            finally:
                database.dispose()


@contextmanager
def _database(postgres: bool) -> Iterator[str | None]:
    if not postgres:
        yield None
        return
    with running_postgres(durable=True) as server:
        yield create_database(server.url, "backsweep")


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables for the site's processes. The person's BACKSWEEP_* are hidden from them."""
    before = dict(os.environ)
    for name in [name for name in before if name.startswith("BACKSWEEP_")]:
        del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _live(database: Database) -> int:
    with database.read() as session:
        return live_workers(session)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
