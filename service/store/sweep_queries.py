"""Reading sweeps: each query names the owner, so that another owner's sweep is one that is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, undefer

from service.errors import NotFound
from service.planning.query.tree import Tree
from service.store.clock import now
from service.store.leading_runs import LeadingRun, leading_runs
from service.store.schema import Dataset, Sweep
from service.store.sweep_filters import sweep_condition


@dataclass(frozen=True, slots=True)
class DatasetName:
    """The dataset of a sweep, without its content."""

    public_id: str
    name: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class SweepView:
    """A sweep as it was at one moment of the database's clock."""

    sweep: Sweep
    dataset: DatasetName | None  # None: a function
    read_at: int
    leader: LeadingRun | None = None  # of one that trains


def find_sweep(session: Session, owner_id: int, public_id: str) -> SweepView:
    """One sweep with the text that was submitted.

    Raises:
        NotFound: the owner has no such sweep.
    """
    statement = _sweeps(owner_id).where(Sweep.public_id == public_id).options(undefer(Sweep.submitted))
    found = session.execute(statement).one_or_none()
    if found is None:
        raise NotFound(f"there is no sweep {public_id}")
    return _views(session, [found])[0]


def find_preprocessing(session: Session, owner_id: int, public_id: str) -> dict[str, Any]:
    """What was fitted to the sweep's dataset.

    Raises:
        NotFound: the owner has no such sweep.
    """
    statement = select(Sweep.preprocessing).where(Sweep.owner_id == owner_id, Sweep.public_id == public_id)
    found = session.execute(statement).one_or_none()
    if found is None:
        raise NotFound(f"there is no sweep {public_id}")
    return dict(found.preprocessing or {})


def list_sweeps(
    session: Session,
    owner_id: int,
    *,
    limit: int,
    tree: Tree | None = None,
    after: tuple[int, str] | None = None,
) -> Sequence[SweepView]:
    """At most `limit` sweeps that a filter lets through, the newest first, behind the sort key `after`."""
    statement = _sweeps(owner_id).order_by(Sweep.created_at.desc(), Sweep.public_id.desc()).limit(limit)
    if tree is not None:
        statement = statement.where(sweep_condition(tree))
    if after is not None:
        created_at, public_id = after
        statement = statement.where(
            or_(
                Sweep.created_at < created_at,
                and_(Sweep.created_at == created_at, Sweep.public_id < public_id),
            )
        )
    return _views(session, session.execute(statement).all())


def _sweeps(owner_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(Sweep, Dataset.public_id, Dataset.name, Dataset.content_hash, now())
        .outerjoin(Dataset, Dataset.id == Sweep.dataset_id)
        .where(Sweep.owner_id == owner_id)
    )


def _views(session: Session, rows: Sequence[Any]) -> Sequence[SweepView]:
    leaders = leading_runs(session, [row[0] for row in rows])
    return [_view(row, leaders) for row in rows]


def _view(row: Any, leaders: Mapping[int, LeadingRun]) -> SweepView:
    sweep, dataset_id, name, content_hash, read_at = row
    dataset = None if dataset_id is None else DatasetName(dataset_id, name, content_hash)
    return SweepView(sweep, dataset, read_at, leaders.get(sweep.id))
