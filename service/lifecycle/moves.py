"""States of runs and populations change by these statements alone, and they read planning's tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Row, Update, or_, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from service.planning.statuses import (
    POPULATION_STEPS,
    RUN_STEPS,
    Cause,
    PopulationState,
    RunState,
    State,
    Step,
)
from service.store.schema import PopulationRow, Run

Moved = Counter[tuple[RunState, RunState]]


def move_runs(
    session: Session, cause: Cause, which: ColumnElement[bool], after: RunState, **values: Any
) -> Moved:
    """Move those of `which` that are in a state from which `cause` leads; how many, by (before, after).

    The caller holds their populations, so that no other unit moves them at the same time.

    Raises:
        ValueError: the cause does not lead to `after`.
    """
    moved: Moved = Counter()
    for before, statement in moving_runs(cause, which, after, **values):
        result = session.execute(statement.execution_options(synchronize_session=False))
        assert isinstance(result, CursorResult)  # noqa: S101 - what an UPDATE answers with
        if result.rowcount:
            moved[before, after] = result.rowcount
    return moved


def moving_runs(
    cause: Cause, which: ColumnElement[bool], after: RunState, **values: Any
) -> tuple[tuple[RunState, Update], ...]:
    """The statement that moves runs, for each state from which `cause` leads; to be made once and kept.

    Raises:
        ValueError: the cause does not lead to `after`.
    """
    sources = sorted(_sources(RUN_STEPS[cause], cause, after))
    return tuple(
        (before, update(Run).where(which, Run.state == before).values(state=after, **values))
        for before in sources
    )


def move_populations(
    session: Session,
    cause: Cause,
    which: ColumnElement[bool],
    after: PopulationState,
    *returning: Any,
    **values: Any,
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Move those of `which` that are in a state from which `cause` leads; their `returning` columns.

    Raises:
        ValueError: the cause does not lead to `after`.
    """
    statement = moving_populations(cause, which, after, *returning, **values)
    return session.execute(statement.execution_options(synchronize_session=False)).all()


def moving_populations(
    cause: Cause,
    which: ColumnElement[bool],
    after: PopulationState,
    *returning: Any,
    **values: Any,
) -> ReturningUpdate[Any]:
    """The statement that moves populations; to be made once and kept.

    Raises:
        ValueError: the cause does not lead to `after`.
    """
    sources = sorted(_sources(POPULATION_STEPS[cause], cause, after))
    return (
        update(PopulationRow)
        .where(which, or_(*(PopulationRow.state == source for source in sources)))
        .values(state=after, **values)
        .returning(*(returning or (PopulationRow.id,)))
    )


def _sources(step: Step[State], cause: Cause, after: State) -> frozenset[State]:
    if after not in step.after:
        raise ValueError(f"{cause.value} does not lead to {after.value}; allowed: {sorted(step.after)}")
    return step.before
