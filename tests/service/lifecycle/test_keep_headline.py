"""What is kept of a final sweep's answer is what its rows say, and is worked out once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from service.lifecycle.keep_headline import keep_headlines
from service.store.database import Database
from service.store.schema import Sweep
from tests.service.api import building

LOSSES = {0.1: ([2.0, 1.0, 0.5], [4.0, 3.0, 0.25]), 0.3: ([3.0, 3.0, 2.0], [3.0, 3.0, 2.0])}


def write(database: Database, losses: Any = LOSSES, **changes: Any) -> int:
    """A completed sweep whose runs have these losses, two seeds for each rate; its key."""
    with database.write() as session:
        sweep = building.sweep(session, building.owner(session, "me"), state="completed", **changes)
        number = 0
        for rate, runs in losses.items():
            for seed, values in enumerate(runs):
                number += 1
                run = building.run(
                    session,
                    sweep,
                    number,
                    learning_rate=rate,
                    seed=seed,
                    state="completed" if values else "diverged",
                    epoch=len(values),
                    validation_loss=values[-1] if values else None,
                )
                building.losses(session, run, values)
        return sweep.id


def kept(database: Database, key: int) -> Sweep:
    with database.read() as session:
        sweep = session.get(Sweep, key)
        assert sweep is not None
        return sweep


def test_the_best_setting_is_kept_with_its_numbers_and_its_mean_curve(database: Database) -> None:
    key = write(database)
    assert keep_headlines(database) == 1
    found = kept(database, key).best_result
    assert found is not None
    assert found["setting"] == {"learning_rate": 0.1}
    assert found["n"] == 2
    assert found["low"] is None  # two seeds are too few
    assert abs(found["mean"] - (0.5 * 0.25) ** 0.5) < 1e-12  # means of losses are geometric
    assert found["curve"] == {"metric": "validation_loss", "epochs": [1, 2, 3], "mean": [3.0, 2.0, 0.375]}
    assert keep_headlines(database) == 0


def test_a_sweep_without_a_best_setting_is_looked_at_once(database: Database) -> None:
    key = write(database, {0.1: ([], []), 0.3: ([], [])})
    assert keep_headlines(database) == 1
    assert kept(database, key).best_result == {}
    assert keep_headlines(database) == 0


def test_a_sweep_of_an_earlier_release_gets_its_numbers(database: Database) -> None:
    key = write(database, headline="what an earlier release said")
    assert keep_headlines(database) == 1
    assert kept(database, key).best_result is not None


def test_nobody_works_out_what_a_deleted_sweep_said(database: Database) -> None:
    key = write(database, headline="")
    assert keep_headlines(database) == 0
    assert kept(database, key).best_result is None


def test_what_is_forgotten_is_worked_out_again(database: Database) -> None:
    key = write(database)
    keep_headlines(database)
    with database.write() as session:
        session.execute(update(Sweep).where(Sweep.id == key).values(best_result=None))
    assert keep_headlines(database) == 1  # null in SQL, not a JSON null: it is found missing
