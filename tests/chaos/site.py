"""A real site for faults: API, broker, workers and database, each of which can be struck and restarted."""

from __future__ import annotations

import os
import platform
import secrets
import signal
import socket
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import psutil
import redis
from sqlalchemy import make_url

from service.store.database import Database
from service.store.migrate import upgrade
from service.supervisor.broker import Broker
from service.supervisor.processes import Child
from tests.chaos.proxy import Proxy
from tests.servers.postgres import PostgresServer, create_database, drop_database
from tests.servers.valkey import running_valkey
from tests.servers.waiting import eventually

ROOT = Path(__file__).parents[2]
LEASE_SECONDS = 2.0
PACE = {
    "BACKSWEEP_LEASE_SECONDS": str(LEASE_SECONDS),
    "BACKSWEEP_RECORD_SECONDS": "0.1",
    "BACKSWEEP_CHECKPOINT_SECONDS": "0.2",
}


class StruckWorker:
    """A worker's processes, and the proxies through which it reaches the servers."""

    def __init__(self, name: str, child: Child, broker: Proxy, database: Proxy | None) -> None:
        self.name = f"{name}@{platform.node()}"
        self.child = child
        self.broker = broker
        self.database = database

    def main(self) -> list[psutil.Process]:
        """The process that waits for doorbells."""
        with suppress(psutil.NoSuchProcess):
            return [psutil.Process(self.child.pid)]
        return []

    def below(self) -> list[psutil.Process]:
        """All processes below it."""
        with suppress(psutil.NoSuchProcess):
            return [each for main in self.main() for each in main.children(recursive=True)]
        return []

    def trainers(self) -> list[psutil.Process]:
        """The process that trains; the other one below a worker keeps count of its semaphores."""
        found = []
        for process in self.below():
            with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                if any("spawn_main" in argument for argument in process.cmdline()):
                    found.append(process)
        return found

    def send(self, number: signal.Signals, processes: Sequence[psutil.Process]) -> None:
        """Signal those that are still there."""
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def restart(self) -> None:
        """Kill what is left of it and start it anew, under the same name."""
        self.child.kill()
        self.child.start()


class Site:
    """Everything that runs; `database` is the harness's own way in, past every proxy."""

    def __init__(
        self,
        database: Database,
        postgres: PostgresServer | None,
        broker: Broker,
        api: Child,
        workers: Sequence[StruckWorker],
        client: httpx.Client,
    ) -> None:
        self.database = database
        self.postgres = postgres
        self.broker = broker
        self.api = api
        self.workers = tuple(workers)
        self.client = client

    def supervise(self) -> None:
        """Start again what has ended by itself, as `backsweep up` does. (In the thread that started it.)"""
        for worker in self.workers:
            if worker.child.exit_code is not None:
                worker.restart()

    def flush_broker(self) -> None:
        """Empty the broker: messages, what was taken and not yet acknowledged, everything."""
        address = self.broker.url.replace("redis+socket://", "unix://")
        with redis.Redis.from_url(address) as client:
            client.flushall()

    def ready(self) -> bool:
        """Whether the API answers and sees every worker."""
        try:
            answer = self.client.get("/readyz").json()
        except httpx.TransportError:
            return False
        return bool(answer["workers"]["live"] >= len(self.workers))


@contextmanager
def running_site(folder: Path, postgres: PostgresServer | None = None, *, workers: int = 3) -> Iterator[Site]:
    """A site in `folder`, on SQLite or in a database of its own on the given server."""
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'backsweep.db'}"
        if postgres is not None:
            name = f"chaos_{uuid.uuid4().hex}"
            url = create_database(postgres.url, name)
            stack.callback(drop_database, postgres.url, name)
        database = Database(url)
        stack.callback(database.dispose)
        upgrade(database)
        broker = stack.enter_context(running_valkey())
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = int(listening.getsockname()[1])
        token = secrets.token_urlsafe(32)
        environment = {
            **os.environ,
            **PACE,
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(folder),  # a killed worker leaves an empty folder in it
            "BACKSWEEP_HOME": str(folder),
            "BACKSWEEP_PORT": str(port),
            "BACKSWEEP_TOKEN": token,
            "BACKSWEEP_DATABASE_URL": url,
            "BACKSWEEP_BROKER_URL": broker.url,
        }
        api = Child(
            "api",
            (sys.executable, "-m", "service.supervisor.web", str(listening.fileno())),
            environment=environment,
            log=folder / "logs" / "api.log",
            inherit=[listening.fileno()],
        )
        stack.callback(api.kill)
        api.start()
        struck = [
            stack.enter_context(_worker(f"w{number}", environment, folder, broker, postgres))
            for number in range(1, workers + 1)
        ]
        client = stack.enter_context(
            httpx.Client(
                base_url=f"http://127.0.0.1:{port}",
                timeout=20,
                trust_env=False,
                headers={"Authorization": f"Bearer {token}"},
            )
        )
        site = Site(database, postgres, broker, api, struck, client)
        eventually(site.ready, "the API answers and every worker lives", seconds=60)
        yield site


@contextmanager
def _worker(
    name: str, environment: dict[str, str], folder: Path, broker: Broker, postgres: PostgresServer | None
) -> Iterator[StruckWorker]:
    with ExitStack() as stack:
        parts = urlsplit(broker.url)
        to_broker = Proxy(Path(unquote(parts.path)))
        stack.callback(to_broker.close)
        own = {
            **environment,
            "BACKSWEEP_BROKER_URL": f"redis://:{parts.password}@127.0.0.1:{to_broker.port}/0",
        }
        to_database = None
        if postgres is not None:
            to_database = Proxy(postgres.socket)
            stack.callback(to_database.close)
            url = make_url(environment["BACKSWEEP_DATABASE_URL"]).set(
                host="127.0.0.1", port=to_database.port, query={}
            )
            own["BACKSWEEP_DATABASE_URL"] = url.render_as_string(hide_password=False)
        child = Child(
            name,
            (sys.executable, "-m", "worker", name),
            environment=own,
            log=folder / "logs" / f"{name}.log",
        )
        stack.callback(child.kill)
        child.start()
        yield StruckWorker(name, child, to_broker, to_database)
