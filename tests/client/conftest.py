"""One service for all tests of the client: each submits sweeps of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backsweep_client import Client, Sweep
from tests.client.sweeps import WINE
from tests.servers.service import RunningService


@pytest.fixture(scope="session")
def client(service: RunningService) -> Iterator[Client]:
    """A client of it."""
    with Client(service.url, key=service.token) as client:
        yield client


@pytest.fixture(scope="session")
def wine(client: Client) -> Sweep:
    """A completed sweep, which no test may change."""
    return client.submit(WINE).wait(timeout=30)
