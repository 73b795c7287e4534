"""Reading runs: in any order that has an index or a reason, page by page, and always of one owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, and_, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from service.errors import NotFound
from service.store.schema import ConfigurationRow, Environment, PopulationRow, Run, Sweep, Weights

# Test metrics are missing on purpose: what is chosen by them is no test any more (rule R8).
SORT_COLUMNS: Mapping[str, InstrumentedAttribute[Any]] = {
    "id": Run.public_id,  # by age
    "number": Run.number,
    "seed": Run.seed,
    "epoch": Run.epoch,
    "train_loss": Run.train_loss,
    "train_score": Run.train_score,
    "validation_loss": Run.validation_loss,
    "validation_score": Run.validation_score,
    "train_seconds": Run.train_seconds,
    "started_at": Run.started_at,
    "finished_at": Run.finished_at,
}
_Original = aliased(Run)  # the run whose result was reused


@dataclass(frozen=True, slots=True)
class Order:
    """By which column runs are sorted; runs without a value come last in either direction."""

    name: str
    descending: bool = False

    @property
    def column(self) -> InstrumentedAttribute[Any]:
        """The column of that name."""
        return SORT_COLUMNS[self.name]

    @property
    def value_types(self) -> tuple[type, ...]:
        """What a value of the column can be."""
        kind = self.column.type.python_type
        return (int, float, type(None)) if kind is float else (kind, type(None))

    def key(self, run: Run) -> tuple[Any, str]:
        """Where a run stands in this order; no two stand in one place."""
        return getattr(run, self.column.key), run.public_id

    def columns(self) -> list[ColumnElement[Any]]:
        """What to sort by."""
        if self.descending:
            return [self.column.is_(None), self.column.desc(), Run.public_id.desc()]
        return [self.column.is_(None), self.column.asc(), Run.public_id.asc()]

    def behind(self, key: tuple[Any, str]) -> ColumnElement[bool]:
        """The runs that come after the one with this key."""
        value, public_id = key
        later = Run.public_id < public_id if self.descending else Run.public_id > public_id
        if value is None:
            return and_(self.column.is_(None), later)
        # A cursor's integer may be too large for the column: it is compared as a larger type.
        given = literal(value, BigInteger()) if isinstance(value, int) else literal(value, self.column.type)
        beyond = self.column < given if self.descending else self.column > given
        return or_(beyond, and_(self.column == given, later), self.column.is_(None))


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with the names of what it belongs to."""

    run: Run
    configuration: Mapping[str, Any]
    configuration_hash: str
    sweep: str
    varied: Sequence[str]
    population: str
    reused_from: str | None
    environment: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs: a missing part lets all of them through."""

    sweep: str | None = None
    states: Sequence[str] = ()
    role: str | None = None


def find_run(session: Session, owner_id: int, public_id: str) -> RunView:
    """One run, with the environment in which it was trained.

    Raises:
        NotFound: the owner has no such run.
    """
    found = session.execute(_runs(owner_id).where(Run.public_id == public_id)).one_or_none()
    if found is None:
        raise NotFound(f"there is no run {public_id}")
    view = RunView(*found)
    trained_in = view.run.environment_class
    environment = session.get(Environment, trained_in) if trained_in else None
    return replace(view, environment=environment.document if environment else None)


def list_runs(
    session: Session,
    owner_id: int,
    which: RunFilter,
    *,
    order: Order,
    limit: int,
    after: tuple[Any, str] | None = None,
) -> Sequence[RunView]:
    """At most `limit` runs in `order`, behind the one with the sort key `after`.

    Raises:
        NotFound: the owner has no such sweep.
    """
    statement = _runs(owner_id).order_by(*order.columns()).limit(limit)
    if which.sweep is not None:
        statement = statement.where(Run.sweep_id == _sweep_key(session, owner_id, which.sweep))
    if which.states:
        statement = statement.where(Run.state.in_(which.states))
    if which.role is not None:
        statement = statement.where(Run.role == which.role)
    if after is not None:
        statement = statement.where(order.behind(after))
    return [RunView(*row) for row in session.execute(statement)]


def find_weights(session: Session, owner_id: int, public_id: str, which: str) -> Weights:
    """A run's final or best weights.

    Raises:
        NotFound: the owner has no such run, or it has no such weights.
    """
    run = session.execute(
        select(Run.id, Run.state, Sweep.keep_weights)
        .join(Sweep, Sweep.id == Run.sweep_id)
        .where(Run.public_id == public_id, Run.owner_id == owner_id)
    ).one_or_none()
    if run is None:
        raise NotFound(f"there is no run {public_id}")
    weights = session.get(Weights, (run.id, which))
    if weights is None:
        raise NotFound(
            f"run {public_id} has no {which} weights: it is {run.state}, "
            f"and its sweep keeps {run.keep_weights!r}"
        )
    return weights


def _runs(owner_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Run,
            ConfigurationRow.document,
            ConfigurationRow.hash,
            Sweep.public_id,
            Sweep.varied,
            PopulationRow.public_id,
            _Original.public_id,
        )
        .join(ConfigurationRow, ConfigurationRow.id == Run.configuration_id)
        .join(Sweep, Sweep.id == Run.sweep_id)
        .join(PopulationRow, PopulationRow.id == Run.population_id)
        .outerjoin(_Original, _Original.id == Run.reused_from_id)
        .where(Run.owner_id == owner_id)
    )


def _sweep_key(session: Session, owner_id: int, public_id: str) -> int:
    key = session.scalar(select(Sweep.id).where(Sweep.public_id == public_id, Sweep.owner_id == owner_id))
    if key is None:
        raise NotFound(f"there is no sweep {public_id}")
    return key
