"""Real children of one-line programs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.supervisor.processes import Child


class Nursery:
    """Makes children of one-line programs, and ends what a test leaves."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.children: list[Child] = []

    def child(self, program: str, *, counts: str | None = None) -> Child:
        """Start a Python program."""
        child = Child(
            f"child-{len(self.children)}",
            [sys.executable, "-c", program],
            environment=os.environ,
            log=self.folder / "logs" / f"{len(self.children)}.log",
            counts=counts,
        )
        self.children.append(child)
        child.start()
        return child


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    """Children that a test may leave running."""
    nursery = Nursery(tmp_path)
    yield nursery
    for child in nursery.children:
        child.kill()


def pid_of(child: Child) -> int:
    """The id of a child that was started."""
    assert child.pid is not None
    return child.pid
