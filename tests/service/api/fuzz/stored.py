"""A service with something of everything in its store, and the identifiers of what is there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select
from starlette.testclient import TestClient

from service.app import create_app
from service.lifecycle.api_keys import Grant, create_keys
from service.lifecycle.cancel import cancel_sweep
from service.lifecycle.owners import local_owner
from service.lifecycle.pause import pause_sweep
from service.lifecycle.submit import submit
from service.settings import Settings
from service.store.database import Database
from service.store.schema import Dataset, Owner, Run, Sweep
from tests.service.training import mixed_table, trained

TOKEN = "a-token-of-the-tests-0123456789"
ADDRESS = "http://127.0.0.1:8765"
FUNCTION: dict[str, Any] = {
    "function": {"expression": "x**2", "start": {"x": 1.0}},
    "parameters": {"epochs": 4, "learning_rate": {"values": [0.1, 0.2]}},
}
VICTIMS = 12  # sweeps that requests may change and delete


@dataclass(frozen=True)
class Stored:
    """Identifiers by the parameter that takes them: those to look at, and those that may come to harm."""

    kept: Mapping[str, Sequence[str]]
    victims: Mapping[str, Sequence[str]]


def settings_over(database_url: str, home: Path) -> Settings:
    """Settings of a service over this database, without a broker."""
    return Settings.from_environment(
        {
            "BACKSWEEP_HOME": str(home),
            "BACKSWEEP_TOKEN": TOKEN,
            "BACKSWEEP_DATABASE_URL": database_url,
            "BACKSWEEP_BROKER_URL": "redis://nowhere.invalid",
            "BACKSWEEP_MAX_RUNS_PER_SWEEP": "200",
        }
    )


@contextmanager
def client_of(settings: Settings) -> Iterator[TestClient]:
    """A program with the token, on the application as it is started."""
    app = create_app(settings, ring=lambda _count: None)
    with TestClient(
        app,
        base_url=ADDRESS,
        raise_server_exceptions=False,
        follow_redirects=False,
        headers={"Authorization": f"Bearer {TOKEN}"},
    ) as client:
        app.state.context = replace(app.state.context, broker_answers=lambda: True)
        yield client


def fill(database: Database, home: Path) -> Stored:
    """Train, queue, pause and cancel sweeps; make owners and keys."""
    trained(
        database,
        home,
        dataset="iris",
        seeds=2,
        parameters={"learning_rate": {"values": [0.1, 0.5]}, "epochs": 3},
    )
    trained(database, home, mixed_table(), task="regression", target="one", seeds=2)
    trained(database, home, **FUNCTION)
    owner = database.run(local_owner)
    with database.read() as session:
        kept = {
            "sweep_id": session.scalars(select(Sweep.public_id)).all(),
            "run_id": session.scalars(select(Run.public_id)).all(),
            "dataset": session.scalars(select(Dataset.public_id)).all(),
        }
    for number in range(VICTIMS):
        body = json.dumps(FUNCTION | {"name": f"victim {number}", "rerun": True}).encode()
        submit(database, owner_id=owner, body=body, idempotency_key=f"key-{number}", max_runs=100)
    with database.write() as session:
        victims = session.scalars(
            select(Sweep.public_id).where(Sweep.public_id.not_in(kept["sweep_id"]))
        ).all()
        for each in victims[::3]:
            pause_sweep(session, owner, each)
        for each in victims[1::3]:
            cancel_sweep(session, owner, each)
        keys = create_keys(session, ["ann", "ben", "cid"], Grant())
        owners = session.scalars(select(Owner.public_id)).all()
    names = [key.prefix for key in keys]
    return Stored(
        kept={**kept, "key_id": names, "owner_id": owners},
        victims={**kept, "sweep_id": victims, "key_id": names, "owner_id": owners},
    )


def copy_of(template: Path, folder: Path) -> str:
    """A database file of its own, by its address."""
    return f"sqlite:///{shutil.copy(template, folder / 'backsweep.db')}"
