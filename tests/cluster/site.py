"""Backsweep as the README's "More machines" has it: a database, a broker, an API and two workers' hosts."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from service.store.database import Database
from service.supervisor.processes import Child
from tests.chaos.checker import BEGINNING_EVENTS
from tests.chaos.history import StoredSweep, read_history
from tests.cluster.network import Host, switched
from tests.cluster.servers import broker_on, database_on
from tests.servers.waiting import eventually

ROOT = Path(__file__).parents[2]
WORKERS = ("worker-a", "worker-b")
HOSTS = ("database", "broker", "api", *WORKERS)
PORT = 8765


class Site:
    """Everything that runs. `database` is the harness's own way in, past every cable; `client` is outside."""

    def __init__(
        self, hosts: Mapping[str, Host], database: Database, client: httpx.Client, logs: Mapping[str, Path],
        url: str,
    ) -> None:  # fmt: skip
        self.hosts = hosts
        self.database = database
        self.client = client
        self.url = url
        self._logs = logs

    def submit(self, sweep: Mapping[str, Any]) -> str:
        """Submit over HTTP; the sweep's id."""
        answer = self.client.post("/api/v1/sweeps", json=sweep)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def stored(self, sweep: str) -> StoredSweep:
        """All that the database says about a sweep."""
        with self.database.read() as session:
            return next(each for each in read_history(session) if each.public_id == sweep)

    def claims(self, sweep: str) -> list[tuple[str, float]]:
        """Who claimed a population of it, by the host's name, and when (seconds of the database's clock)."""
        return [
            (document["worker"].partition("@")[2], at / 1000)
            for _number, kind, at, document in self.stored(sweep).events
            if kind in BEGINNING_EVENTS
        ]

    def waits_for_a_lock(self, host: Host) -> bool:
        """Whether a program on the host wants a row that another transaction has."""
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity WHERE client_addr = CAST(:address AS inet) "
            "AND wait_event_type = 'Lock'"
        )
        with self.database.read() as session:
            return bool(session.scalar(waiting, {"address": host.address}))

    def log(self, host: str) -> str:
        """What the program on a host has said."""
        return self._logs[host].read_text(errors="replace")

    def ready(self) -> bool:
        """Whether the API answers and sees every worker alive."""
        try:
            answer = self.client.get("/readyz")
        except httpx.TransportError:
            return False
        return answer.status_code == 200 and answer.json()["workers"]["live"] >= len(WORKERS)


@contextmanager
def running_site(folder: Path, *, lease_seconds: float) -> Iterator[Site]:
    """The site, once it is ready."""
    with ExitStack() as stack:
        hosts = stack.enter_context(switched(HOSTS))
        url, direct = stack.enter_context(database_on(hosts["database"]))
        broker = stack.enter_context(broker_on(hosts["broker"], folder / "broker"))
        token = secrets.token_urlsafe(32)
        address = f"{hosts['api'].address}:{PORT}"
        common = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BACKSWEEP_")},
            "PYTHONPATH": str(ROOT),
            "BACKSWEEP_DATABASE_URL": url,
            "BACKSWEEP_BROKER_URL": broker,
            "BACKSWEEP_LEASE_SECONDS": f"{lease_seconds:g}",
            "BACKSWEEP_RECORD_SECONDS": "0.2",
            "BACKSWEEP_CHECKPOINT_SECONDS": "1",
        }
        of_the_api = {
            "BACKSWEEP_HOST": hosts["api"].address,
            "BACKSWEEP_PUBLIC_URL": f"http://{address}",
            "BACKSWEEP_TOKEN": token,
        }
        _run_to_its_end(_program(folder, hosts["api"], common, "migrate"))
        programs = [_program(folder, hosts["api"], common | of_the_api, "serve")]
        programs += [_program(folder, hosts[name], common, "worker", "w1") for name in WORKERS]
        for program in programs:
            stack.callback(program.kill)
            program.start()
        database = Database(direct)
        stack.callback(database.dispose)
        client = stack.enter_context(
            httpx.Client(
                base_url=f"http://{address}",
                timeout=60,
                trust_env=False,
                headers={"Authorization": f"Bearer {token}"},
            )
        )
        logs = {program.name: program.log for program in programs}
        site = Site(hosts, database, client, logs, url)
        eventually(site.ready, "the API answers and both workers live", seconds=60)
        yield site


def _program(folder: Path, host: Host, environment: Mapping[str, str], *arguments: str) -> Child:
    """`backsweep ...` on a host, which keeps its files to itself."""
    home = folder / host.name
    home.mkdir(mode=0o700, exist_ok=True)
    command: Sequence[str] = (sys.executable, "-m", "service.cli", *arguments)
    return Child(
        host.name,
        host.command(command),
        environment={**environment, "BACKSWEEP_HOME": str(home), "TMPDIR": str(home)},
        log=home / "logs" / f"{arguments[0]}.log",
    )


def _run_to_its_end(program: Child) -> None:
    try:
        program.start()
        program.wait(60)
        assert program.exit_code == 0, program.log_tail()
    finally:
        program.kill()
