"""Which values there are of a quantity, among an owner's newest: what is offered while a filter is written.

Each look is bounded by rows, not by what it finds, so that a hundred thousand runs take no longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.planning.query.tree import Quantity
from service.store.run_filters import OF_DATASET, OF_RUN, OF_SWEEP, parameter_value
from service.store.schema import ConfigurationRow, Dataset, Run, Sweep
from service.store.sweep_filters import COLUMNS

NEWEST_RUNS = 5_000
NEWEST_SWEEPS = 2_000

Values = Sequence[object]


def values_of_runs(session: Session, owner_id: int, quantity: Quantity) -> Values:
    """Distinct values of a run's quantity, in order; nothing for metrics, times and made identifiers."""
    if quantity.group == "tags":
        return _tag_values(session, owner_id, quantity.name)
    if quantity.group == "params":
        return _parameters(session, owner_id, quantity)
    name = quantity.name
    if quantity.group == "metrics" or quantity.kind == "instant":
        return ()
    if name in OF_RUN:
        return _of_runs(session, owner_id, OF_RUN[name])
    if name in OF_SWEEP or name in OF_DATASET:
        return _of_sweeps(session, owner_id, OF_SWEEP.get(name) or OF_DATASET[name])
    return ()


def values_of_sweeps(session: Session, owner_id: int, quantity: Quantity) -> Values:
    """Distinct values of a sweep's quantity, in order; nothing for times."""
    if quantity.group == "tags":
        return _tag_values(session, owner_id, quantity.name)
    return () if quantity.kind == "instant" else _of_sweeps(session, owner_id, COLUMNS[quantity.name])


def tag_names(session: Session, owner_id: int) -> Sequence[str]:
    """The names of tags that there are, in order."""
    return sorted({name for tags in _tags(session, owner_id) for name in tags})


def _tag_values(session: Session, owner_id: int, name: str) -> Values:
    found = (tags.get(name) for tags in _tags(session, owner_id))
    return _sorted([value for value in found if isinstance(value, str | int | float)])


def _tags(session: Session, owner_id: int) -> Sequence[dict[str, Any]]:
    newest: Select[Any] = (
        select(Sweep.tags).where(Sweep.owner_id == owner_id).order_by(Sweep.created_at.desc())
    )
    return session.scalars(newest.limit(NEWEST_SWEEPS)).all()


def _of_runs(session: Session, owner_id: int, column: InstrumentedAttribute[Any]) -> Values:
    newest = select(column.label("value")).where(Run.owner_id == owner_id).order_by(Run.public_id.desc())
    return _distinct(session, newest.limit(NEWEST_RUNS).subquery())


def _of_sweeps(session: Session, owner_id: int, column: InstrumentedAttribute[Any]) -> Values:
    newest = (
        select(column.label("value"))
        .select_from(Sweep)
        .outerjoin(Dataset, Dataset.id == Sweep.dataset_id)
        .where(Sweep.owner_id == owner_id)
        .order_by(Sweep.created_at.desc())
    )
    return _distinct(session, newest.limit(NEWEST_SWEEPS).subquery())


def _parameters(session: Session, owner_id: int, quantity: Quantity) -> Values:
    newest = (
        select(Run.configuration_id)
        .where(Run.owner_id == owner_id)
        .order_by(Run.public_id.desc())
        .limit(NEWEST_RUNS)
        .subquery()
    )
    found: Select[Any] = select(parameter_value(quantity).label("value")).where(
        ConfigurationRow.id.in_(select(newest.c.configuration_id))
    )
    return _distinct(session, found.subquery())


def _distinct(session: Session, newest: Any) -> Values:
    return _sorted(session.scalars(select(newest.c.value).distinct()).all())


def _sorted(values: Sequence[Any]) -> Values:
    """Numbers by size before texts by their letters."""
    return sorted(
        {value for value in values if value is not None}, key=lambda value: (isinstance(value, str), value)
    )
