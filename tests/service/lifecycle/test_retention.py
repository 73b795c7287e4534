from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from service.lifecycle import retention
from service.lifecycle.owners import local_owner
from service.lifecycle.retention import keeps_everything, let_go
from service.settings import Settings
from service.store.clock import now
from service.store.database import Database
from service.store.schema import LossRow, Run, Sweep, Weights
from tests.service.api import building

DAY = 86_400_000
KEEPING = Settings.from_environment({})


def settings(**changes: Any) -> Settings:
    return replace(KEEPING, **changes)


@pytest.fixture
def sweeps(database: Database) -> list[str]:
    """Sweeps that ended five, three and one days ago and one that trains, with two runs each."""
    names = []
    with database.write() as session:
        for days in (5, 3, 1, None):
            ended = None if days is None else now() - days * DAY
            state = "running" if days is None else "completed"
            row = building.sweep(session, local_owner(session), state=state, finished_at=ended)
            for number in (1, 2):
                run = building.run(session, row, number, weights_sha256="a" * 64)
                building.losses(session, run, [0.5, 0.4])
                building.weights(session, run, bytes(1000))
            names.append(row.public_id)
    return names


def left(database: Database, table: type[LossRow | Weights]) -> list[str]:
    """The sweeps that have rows of this table."""
    with database.read() as session:
        return list(
            session.scalars(
                select(Sweep.public_id)
                .join(Run, Run.sweep_id == Sweep.id)
                .join(table, table.run_id == Run.id)
                .distinct()
                .order_by(Sweep.public_id)
            )
        )


def test_nothing_goes_unless_a_setting_says_so(database: Database, sweeps: list[str]) -> None:
    assert keeps_everything(KEEPING)
    assert let_go(database, KEEPING, seconds=10.0)
    assert left(database, LossRow) == left(database, Weights) == sweeps


def test_losses_and_weights_go_by_the_age_of_their_sweeps_end(database: Database, sweeps: list[str]) -> None:
    asked = settings(retain_losses_days=2.0, retain_weights_days=4.0)
    assert not keeps_everything(asked)
    assert let_go(database, asked, seconds=10.0)
    assert left(database, LossRow) == sweeps[2:]
    assert left(database, Weights) == sweeps[1:]
    with database.read() as session:  # the runs and the hashes stay
        assert (
            session.scalar(select(func.count()).select_from(Run).where(Run.weights_sha256.is_not(None))) == 8
        )


def test_weights_beyond_a_size_go_with_the_sweeps_that_ended_first(
    database: Database, sweeps: list[str]
) -> None:
    assert let_go(database, settings(retain_weights=5_000), seconds=10.0)
    assert left(database, Weights) == sweeps[1:]
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Weights)) == 5
    assert let_go(database, settings(retain_weights=0), seconds=10.0)
    assert left(database, Weights) == sweeps[3:]  # what trains keeps its own


def test_sweeps_go_whole(database: Database, sweeps: list[str]) -> None:
    assert let_go(database, settings(retain_sweeps_days=2.0), seconds=10.0)
    with database.read() as session:
        assert session.scalars(select(Sweep.public_id).order_by(Sweep.public_id)).all() == sweeps[2:]
        assert session.scalar(select(func.count()).select_from(Run)) == 4


def test_it_goes_in_pieces(database: Database, sweeps: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MOST_LOSSY_RUNS", 1)
    asked = settings(retain_losses_days=0.01)
    assert not let_go(database, asked, seconds=0.0)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(LossRow)) == 14
    assert let_go(database, asked, seconds=10.0)
    assert left(database, LossRow) == sweeps[3:]
