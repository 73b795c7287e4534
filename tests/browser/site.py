"""The real application, served on a free port, with a worker beside it that trains when it is told to."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.environment import environment_class
from service.app import create_app
from service.lifecycle.owners import local_owner
from service.lifecycle.submit import submit
from service.lifecycle.workers import register_worker
from service.settings import Settings
from service.store.database import Database
from service.supervisor.web import Server, configuration
from worker.context import Context
from worker.execution import execute_next

TOKEN = "a-token-of-the-tests-0123456789"
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script> "quoted" &amp; {{ 7 * 7 }}'
RATES = {"distribution": "log_uniform_values", "min": 0.01, "max": 1000, "count": 6}
PARAMETERS: dict[str, Any] = {"learning_rate": RATES, "hidden_layers": {"value": [8]}, "epochs": 6}
SWEEP: dict[str, Any] = {
    "name": HOSTILE,
    "dataset": "iris",
    "rerun": True,
    "seeds": 4,
    "parameters": PARAMETERS,
}


@dataclass(slots=True)
class Site:
    """A served application, and the worker beside it that trains when it is told to."""

    address: str
    database: Database
    worker: Context

    def submit(self, **changes: Any) -> str:
        """The public id of a new sweep that nobody has trained yet."""
        body = json.dumps({**SWEEP, **changes}).encode()
        owner = self.database.run(local_owner)
        found = submit(self.database, owner_id=owner, body=body, idempotency_key=None, max_runs=1_000)
        return found.public_id

    def train(self, populations: int = 1_000) -> None:
        """Train queued populations, all of them unless told how many."""
        for _ in range(populations):
            if not execute_next(self.worker):
                return


@contextmanager
def served(home: Path) -> Iterator[Site]:
    """The application over the migrated `backsweep.db` in `home`; the broker is nobody."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        settings = Settings.from_environment(
            {
                "BACKSWEEP_HOME": str(home),
                "BACKSWEEP_TOKEN": TOKEN,
                "BACKSWEEP_PORT": str(port),
                "BACKSWEEP_RECORD_SECONDS": "0.05",
            }
        )
        application = create_app(settings, ring=lambda _: None)
        server = Server(configuration(application, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "the application did not start"
            time.sleep(0.01)
        database = Database(settings.database_url)
        try:
            yield Site(f"http://127.0.0.1:{port}", database, _worker(database, settings))
        finally:
            server.should_exit = True
            thread.join(10)
            assert not thread.is_alive(), "the application did not stop"
            database.dispose()


def _worker(database: Database, settings: Settings) -> Context:
    digest = database.run(
        lambda session: register_worker(
            session, name="w1", host="here", process_id=1, environment=environment_class()
        )
    )
    return Context(database, settings, "w1", digest)
