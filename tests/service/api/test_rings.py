"""As many workers are told of new work as there are, and somebody is where that cannot be found out."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from service.api.rings import Rings, ring_workers
from service.dispatch import Doorbell
from service.lifecycle.fleet import Fleet
from service.store.database import Database


class _Doorbell:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int | None]] = []

    def ring(self, count: int = 1, workers: int | None = None) -> bool:
        self.told.append((count, workers))
        return True


def _told(database: Database) -> list[tuple[int, int | None]]:
    doorbell = _Doorbell()
    ring_workers(database, cast("Doorbell", doorbell), 5)
    return doorbell.told


def test_the_workers_that_there_are_bound_the_messages(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _told(database) == [(5, 0)]
    monkeypatch.setattr("service.api.rings.fleet_of", lambda _: Fleet(3, 2**20))
    assert _told(database) == [(5, 3)]


def test_a_database_that_does_not_answer_keeps_nobody_from_ringing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/nowhere/x.db")
    assert _told(database) == [(5, None)]
    database.dispose()


def test_what_was_told_before_the_end_is_rung() -> None:
    rung: list[int] = []
    rings = Rings(rung.append)
    for count in (1, 2, 3):
        rings(count)
    rings.close()
    assert sum(rung) == 6
