"""A whole service inside the test's process: uvicorn on a port, and a worker that wakes at every ring."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

from core.environment import environment_class
from service.app import create_app
from service.lifecycle.workers import register_worker
from service.settings import Settings
from service.store.database import Database
from service.supervisor.web import Server, configuration
from tests.servers.waiting import eventually
from worker import turns
from worker.context import Context

TOKEN = "a-token-of-the-tests-0123456789"


@dataclass(frozen=True, slots=True)
class RunningService:
    """Where it is, and the variables with which the programs of this machine find it."""

    url: str
    token: str
    home: Path
    database: Database

    @property
    def environment(self) -> dict[str, str]:
        """What `backsweep` and the client read."""
        return {"BACKSWEEP_HOME": str(self.home), "BACKSWEEP_PORT": self.url.rpartition(":")[2]}


@contextmanager
def running_service(home: Path, database_url: str) -> Iterator[RunningService]:
    """Serve until the block ends; the token is also in the home folder, as `backsweep up` leaves it."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        (home / "token").write_text(TOKEN + "\n", encoding="ascii")
        settings = Settings.from_environment(
            {
                "BACKSWEEP_HOME": str(home),
                "BACKSWEEP_DATABASE_URL": database_url,
                "BACKSWEEP_TOKEN": TOKEN,
                "BACKSWEEP_PORT": str(port),
                "BACKSWEEP_RECORD_SECONDS": "0.05",
            }
        )
        database = Database(database_url)
        stack.callback(database.dispose)
        ring = stack.enter_context(_worker(database, settings))
        app = create_app(settings, ring=ring)
        server = Server(configuration(app, log_level="error"))
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        eventually(lambda: server.started, "the service has started")
        try:
            yield RunningService(f"http://127.0.0.1:{port}", TOKEN, home, database)
        finally:
            server.should_exit = True
            thread.join(10)


@contextmanager
def _worker(database: Database, settings: Settings) -> Iterator[Callable[[int], object]]:
    digest = database.run(
        lambda session: register_worker(
            session, name="w1", host="here", process_id=1, environment=environment_class()
        )
    )
    context = Context(database, settings, "w1", digest)
    rung, ended = Event(), Event()

    def work() -> None:
        while not ended.is_set():
            rung.wait()
            rung.clear()
            turns.work(context)

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        yield lambda _: rung.set()
    finally:
        ended.set()
        context.stopping.set()
        rung.set()
        thread.join(10)
