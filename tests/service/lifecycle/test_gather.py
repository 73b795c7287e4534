"""What is gathered of a large sweep says the same as its rows."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from service.lifecycle import gather
from service.lifecycle.gather import gather_large
from service.lifecycle.remove import REMOVED
from service.lifecycle.retention import let_go
from service.planning.measurements import COLUMNS
from service.settings import Settings
from service.store import gathered_names, gathering
from service.store.curve_queries import find_settings, setting_curves
from service.store.database import Database
from service.store.gathered import find_gathered, find_gathered_bytes, is_gathered
from service.store.gathered_names import summary_name
from service.store.point_queries import run_points
from service.store.schema import Gathered, Sweep
from service.store.summary_queries import summary_text, sweep_importance, sweep_summary
from tests.service.api import building

NAN, INFINITY = math.nan, math.inf
CURVES: Sequence[tuple[float, Sequence[float | None]]] = [
    (0.1, [1.0, 0.5, 0.25, 0.125]),
    (0.2, [3.0, NAN, None, 0.75]),
    (0.1, [2.0, 1.5]),
    (0.2, [INFINITY, NAN]),
    (0.3, []),
]


@pytest.fixture
def sweep(database: Database, monkeypatch: pytest.MonkeyPatch) -> Sweep:
    """Three rates, values that are missing or not finite, a run that diverged and one without any row."""
    monkeypatch.setattr(gather, "MANY_RUNS", 5)
    monkeypatch.setattr(gathering, "ROWS_AT_ONCE", 5)
    with database.write() as session:
        found = building.sweep(
            session, building.owner(session, "me"), state="completed", all_count=5, event_count=7
        )
        for number, (rate, losses) in enumerate(CURVES, start=1):
            run = building.run(
                session,
                found,
                number,
                learning_rate=rate,
                epoch=len(losses),
                state="diverged" if INFINITY in losses else "completed",
                validation_loss=next((each for each in losses if each and math.isfinite(each)), None),
                validation_score=None if number == 2 else 0.125 * number,
            )
            building.losses(session, run, losses)
        building.run(
            session, found, 6, learning_rate=0.4, role="linear", state="completed", validation_loss=0.9
        )
    return found


def answers(session: Session, sweep: Sweep) -> Any:
    """All that is worked out from gathered numbers."""
    key, settings, _epochs = find_settings(session, sweep.owner_id, sweep.public_id, None)
    single = [(setting, [configuration]) for configuration, setting in settings.items()]
    curves = [setting_curves(session, key, [*single, ({}, list(settings))], name) for name in COLUMNS]
    summary = sweep_summary(session, sweep.owner_id, sweep.public_id)
    importance = sweep_importance(session, sweep.owner_id, sweep.public_id)
    text = summary_text(session, sweep.owner_id, sweep.public_id)
    points = run_points(session, sweep.owner_id, sweep.public_id, after=0, limit=10)
    return curves, settings, summary, text, points, importance


def test_gathered_numbers_give_the_answers_of_the_rows(database: Database, sweep: Sweep) -> None:
    with database.read() as session:
        expected = answers(session, sweep)
    assert gather_large(database) == 1
    with database.read() as session:
        assert all(is_gathered(session, sweep.id, name) for name in (*COLUMNS, "outcomes", "configurations"))
        found = answers(session, sweep)
    assert found == expected
    assert found[0][COLUMNS.index("validation_loss")][-1].n == [3, 2, 1, 2]
    assert gather_large(database) == 0  # until something changes


def kept_summary(session: Session, sweep: Sweep, test_reveals: int) -> Any:
    found = find_gathered_bytes(session, sweep.id, summary_name(test_reveals))
    return found and json.loads(found)


def test_a_test_that_was_revealed_since_is_in_the_summary_which_is_gathered_again(
    database: Database, sweep: Sweep
) -> None:
    gather_large(database)
    with database.write() as session:
        session.execute(update(Sweep).where(Sweep.id == sweep.id).values(test_reveals=3))
    with database.read() as session:
        text = summary_text(session, sweep.owner_id, sweep.public_id)
        assert json.loads(text)["test_reveals"] == 3
        assert kept_summary(session, sweep, 3) is None
    assert gather_large(database) == 1
    with database.read() as session:
        assert kept_summary(session, sweep, 3) == json.loads(text)
        assert summary_text(session, sweep.owner_id, sweep.public_id) == text
        assert kept_summary(session, sweep, 0) is None
        assert all(is_gathered(session, sweep.id, name) for name in (*COLUMNS, "outcomes", "configurations"))
    assert gather_large(database) == 0


def test_a_summary_of_another_release_is_gathered_again(
    database: Database, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    gather_large(database)
    monkeypatch.setattr(gathered_names, "version", lambda _package: "99.0.dev123+g0123456789abcdef")
    with database.read() as session:
        assert kept_summary(session, sweep, 0) is None
    assert gather_large(database) == 1
    with database.read() as session:
        assert kept_summary(session, sweep, 0) is not None
    assert gather_large(database) == 0


def test_numbers_gathered_before_an_event_are_not_used(database: Database, sweep: Sweep) -> None:
    gather_large(database)
    with database.write() as session:
        session.execute(update(Sweep).where(Sweep.id == sweep.id).values(event_count=8))
        assert not is_gathered(session, sweep.id, "outcomes")
        assert find_gathered(session, sweep.id, "train_loss") is None
    assert gather_large(database) == 1
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Gathered)) == len(COLUMNS) + 3
        assert find_gathered(session, sweep.id, "train_loss") is not None


@pytest.mark.parametrize("changes", [{"state": "running"}, {"all_count": 4}, {"task": "function"}])
def test_only_large_final_sweeps_are_gathered(
    database: Database, sweep: Sweep, changes: dict[str, Any]
) -> None:
    with database.write() as session:
        session.execute(update(Sweep).where(Sweep.id == sweep.id).values(**changes))
    assert gather_large(database) == 0


def test_of_a_sweep_with_too_many_curves_none_are_gathered(
    database: Database, sweep: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.read() as session:
        expected = answers(session, sweep)
    monkeypatch.setattr(gathering, "MOST_CELLS", 1)
    assert gather_large(database) == 1
    with database.read() as session:
        assert not any(is_gathered(session, sweep.id, name) for name in COLUMNS)
        assert is_gathered(session, sweep.id, "outcomes")
        assert answers(session, sweep) == expected
    assert gather_large(database) == 0


def test_curves_go_with_the_losses_that_are_not_kept(database: Database, sweep: Sweep) -> None:
    gather_large(database)
    with database.write() as session:
        session.execute(update(Sweep).where(Sweep.id == sweep.id).values(finished_at=0))
    environment = {"BACKSWEEP_HOME": "/nowhere", "BACKSWEEP_RETAIN_LOSSES_DAYS": "1"}
    assert let_go(database, Settings.from_environment(environment), seconds=10.0)
    with database.read() as session:
        assert not any(is_gathered(session, sweep.id, name) for name in COLUMNS)
        assert is_gathered(session, sweep.id, "outcomes")
        curves, *_others = answers(session, sweep)
        assert all(curve.n == [] for column in curves for curve in column)


def test_what_is_being_deleted_is_not_gathered(database: Database, sweep: Sweep) -> None:
    with database.write() as session:
        key = building.owner(session, REMOVED)
        session.execute(update(Sweep).where(Sweep.id == sweep.id).values(owner_id=key))
    assert gather_large(database) == 0


def test_gathering_stops_between_two_pieces(database: Database, sweep: Sweep) -> None:
    asked: list[bool] = []

    def stops() -> bool:
        asked.append(True)
        return len(asked) == 2

    assert gather_large(database, stops=stops) == 0
    assert len(asked) == 2
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Gathered)) == 0
