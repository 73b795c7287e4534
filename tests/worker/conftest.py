"""A worker without a broker: the same functions that a doorbell calls, on a small real sweep."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.environment import environment_class
from service.lifecycle.owners import local_owner
from service.lifecycle.submit import Submitted, submit
from service.lifecycle.workers import register_worker
from service.settings import Settings
from service.store.database import Database
from worker.context import Context

SWEEP: dict[str, Any] = {
    "name": "iris",
    "dataset": "iris",
    "rerun": True,
    "seeds": 2,
    "parameters": {
        "learning_rate": {"values": [0.01, 0.1, 0.5]},
        "hidden_layers": {"value": [8]},
        "epochs": 4,
    },
}


@pytest.fixture
def worker_context(database_url: str, tmp_path: Path) -> Iterator[Context]:
    """A worker's context on a fresh database; every epoch is recorded and checkpointed."""
    settings = Settings.from_environment(
        {
            "BACKSWEEP_HOME": str(tmp_path / "home"),
            "BACKSWEEP_DATABASE_URL": database_url,
            "BACKSWEEP_RECORD_SECONDS": "0.05",
        }
    )
    database = Database(database_url)
    digest = database.run(
        lambda session: register_worker(
            session, name="w1", host="here", process_id=1, environment=environment_class()
        )
    )
    yield Context(database, settings, "w1", digest)
    database.dispose()


@pytest.fixture
def submitted(worker_context: Context) -> Callable[..., Submitted]:
    """Submit the small sweep, changed as told."""

    def send(**changes: Any) -> Submitted:
        database = worker_context.database
        owner = database.run(local_owner)
        body = json.dumps({**SWEEP, **changes}).encode()
        return submit(database, owner_id=owner, body=body, idempotency_key=None, max_runs=1_000)

    return send
