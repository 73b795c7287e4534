"""A process that dies in the middle of writing leaves a whole database, and the work goes on."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

from sqlalchemy import update
from sqlalchemy.engine import make_url

from service.lifecycle.claim import claim_population
from service.lifecycle.owners import local_owner
from service.lifecycle.record import record
from service.lifecycle.requeue import requeue_expired
from service.lifecycle.submit import submit
from service.store.database import Database
from service.store.schema import PopulationRow
from tests.chaos.checker import broken_rules, unfinished
from tests.chaos.history import read_history
from tests.chaos.pretended import PretendedWorker, expected

ROOT = Path(__file__).parents[2]
KILLS = 80
EPOCHS = 200
LEASE_SECONDS = 60.0


def test_writers_killed_at_random_moments_leave_a_whole_database(database_url: str) -> None:
    database = Database(database_url)
    owner = database.run(local_owner)
    for number in range(3):
        submit(database, owner_id=owner, body=_body(number), idempotency_key=None, max_runs=100)
    command = [sys.executable, "-m", "tests.chaos.writers", database_url, str(KILLS), "7"]
    subprocess.run(command, check=True, cwd=ROOT, timeout=120)
    if database.is_sqlite:
        with sqlite3.connect(str(make_url(database_url).database)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
    with database.read() as session:
        history = list(read_history(session))
    assert [fault for sweep in history for fault in broken_rules([sweep])] == []
    lost = sum(kind == "lease_expired" for sweep in history for _number, kind, *_ in sweep.events)
    assert lost  # they did die in the middle of something

    _finish(database)
    with database.read() as session:
        history = list(read_history(session))
    assert broken_rules(history) + unfinished(history) == []
    for sweep in history:
        for run in sweep.runs:
            if run.state == "completed":
                losses, digest = expected(run.seed, EPOCHS)
                assert [values[0] for _epoch, values in run.losses] == [repr(loss) for loss in losses]
                assert run.weights == {"final": digest}
    database.dispose()


def _body(number: int) -> bytes:
    submission = {
        "name": f"sweep {number}",
        "dataset": "iris",
        "rerun": True,
        "baselines": False,
        "seeds": 8,
        "parameters": {"learning_rate": 0.1, "hidden_layers": {"value": [2]}, "epochs": EPOCHS},
    }
    return json.dumps(submission).encode()


def _finish(database: Database) -> None:
    """Free what the dead held, and let one worker do all the rest."""
    with database.write() as session:
        session.execute(update(PopulationRow).values(lease_expires_at=0))
    database.run(requeue_expired)
    while True:
        claim = database.run(
            lambda session: claim_population(
                session, worker="the last", environment_class="e" * 64, lease_seconds=LEASE_SECONDS
            )
        )
        if claim is None:
            return
        batch = PretendedWorker(claim).advance(EPOCHS, checkpoint=False)
        database.run(
            lambda session: record(session, claim, batch, lease_seconds=LEASE_SECONDS)  # noqa: B023
        )
