"""A worker without processes: the product's own functions in this one, so that a test can interrupt them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from core.environment import environment_class
from core.training import Directive, EpochReport
from service.lifecycle.owners import local_owner
from service.lifecycle.requeue import requeue_expired
from service.lifecycle.submit import submit
from service.lifecycle.workers import register_worker
from service.settings import Settings
from service.store.database import Database
from service.store.schema import PopulationRow
from tests.chaos.history import StoredSweep, read_history
from worker.context import Context
from worker.execution import execute_next
from worker.recording import Recorder

SWEEP: dict[str, Any] = {
    "name": "iris",
    "dataset": "iris",
    "rerun": True,
    "baselines": False,
    "seeds": 2,
    "parameters": {
        "learning_rate": {"values": [0.1, 0.5]},
        "hidden_layers": {"value": [8]},
        "dropout": 0.2,
        "epochs": 30,
    },
}

Interruption = Callable[[Recorder, EpochReport], None]


def worker_on(database: Database, url: str, folder: Path) -> Context:
    """A registered worker's context; it records when told to, and hardly ever by itself."""
    settings = Settings.from_environment(
        {
            "BACKSWEEP_HOME": str(folder),
            "BACKSWEEP_DATABASE_URL": url,
            "BACKSWEEP_LEASE_SECONDS": "180",
            "BACKSWEEP_RECORD_SECONDS": "60",
            "BACKSWEEP_CHECKPOINT_SECONDS": "3600",
        }
    )
    digest = database.run(
        lambda session: register_worker(
            session, name="w1", host="here", process_id=1, environment=environment_class()
        )
    )
    return Context(database, settings, "w1", digest)


def submitted(database: Database) -> None:
    """Store the sweep."""
    owner = database.run(local_owner)
    submit(database, owner_id=owner, body=json.dumps(SWEEP).encode(), idempotency_key=None, max_runs=100)


def work(context: Context) -> None:
    """Train until nothing is queued."""
    while execute_next(context):
        pass


def only_sweep(database: Database) -> StoredSweep:
    """The one sweep that is stored."""
    with database.read() as session:
        (sweep,) = read_history(session)
    return sweep


def lose_leases(database: Database) -> None:
    """Every lease is over at once."""
    with database.write() as session:
        session.execute(
            update(PopulationRow).where(PopulationRow.state == "running").values(lease_expires_at=0)
        )
    database.run(requeue_expired)


def interrupt(monkeypatch: pytest.MonkeyPatch, what: Interruption) -> None:
    """Call `what` after each epoch has been taken in; it may raise."""
    original = Recorder.on_epoch

    def on_epoch(self: Recorder, report: EpochReport) -> Directive | None:
        directive = original(self, report)
        what(self, report)
        return directive

    monkeypatch.setattr(Recorder, "on_epoch", on_epoch)
