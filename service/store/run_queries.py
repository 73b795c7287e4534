"""Reading runs: in any order that has an index or a reason, page by page, and always of one owner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, aliased

from service.errors import NotFound
from service.planning.query.reading import OrderBy
from service.planning.query.tree import Tree
from service.store.ordering import Key, Place, behind, keys_of
from service.store.run_filters import ALWAYS, OF_RUN, run_condition, run_value
from service.store.schema import ConfigurationRow, Environment, PopulationRow, Run, Sweep, Weights

_Original = aliased(Run)  # the run whose result was reused
_NAMES = (
    ConfigurationRow.document.label("of_configuration"),
    ConfigurationRow.hash.label("of_hash"),
    Sweep.public_id.label("of_sweep"),
    Sweep.name.label("of_sweep_name"),
    Sweep.varied.label("of_varied"),
    PopulationRow.public_id.label("of_population"),
    _Original.public_id.label("of_original"),
)


class ListedRun(NamedTuple):
    """What lists show of a run: numbers to sort and filter by stand in the metrics, too."""

    public_id: str
    number: int
    role: str
    seed: int
    state: str
    reason: str | None
    epoch: int
    epochs: int
    metrics: dict[str, Any]
    best_epoch: int | None
    collapsed: bool
    diverged_step: int | None
    diverged_tensor: str | None
    train_seconds: float | None
    environment_class: str | None
    weights_sha256: str | None
    replay: dict[str, Any] | None
    started_at: int | None
    finished_at: int | None


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with the names of what it belongs to."""

    run: Run | ListedRun
    configuration: Mapping[str, Any]
    configuration_hash: str
    sweep: str
    sweep_name: str
    varied: Sequence[str]
    population: str
    reused_from: str | None
    environment: Mapping[str, Any] | None = None
    place: Place = ()  # in the order of a list: what a cursor holds


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs: a missing part lets all of them through."""

    sweep: str | None = None
    states: Sequence[str] = ()
    role: str | None = None
    tree: Tree | None = None  # of the query language


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
    order: Sequence[OrderBy],
    limit: int,
    after: Place | None = None,
) -> Sequence[RunView]:
    """At most `limit` runs in `order`, behind the one at the place `after`; runs without a value come last.

    Which runs these are is found first, on what is small; only theirs is read what is large.

    Raises:
        NotFound: the owner has no such sweep.
    """
    keys = keys_of([_key(each, owner_id) for each in order], Run.public_id)
    shown: list[Any] = [key.column.label(f"key_{number}") for number, key in enumerate(keys)]
    statement = (
        select(Run.id.label("page_id"), *shown)
        .where(*run_conditions(session, owner_id, which))
        .order_by(*(key.sorted(label) for key, label in zip(keys, shown, strict=True)))
        .limit(limit)
    )
    for table, on in dict(beside for key in keys for beside in key.beside).items():
        statement = statement.outerjoin(table, on)
    if after is not None:
        statement = statement.where(behind(keys, after))
    page = statement.subquery("page")
    places = [page.c[label.name] for label in shown]
    found = _with_names(
        select(*places, *_NAMES, *(getattr(Run, name) for name in ListedRun._fields))
        .select_from(page)
        .join(Run, Run.id == page.c.page_id)
    ).order_by(*(key.sorted(place) for key, place in zip(keys, places, strict=True)))
    # By the connection: rows have what is shown of a run, and a session would make an object of each.
    rows = session.connection().execute(found)
    return [_view(row, len(keys)) for row in rows]


def _view(row: Any, keys: int) -> RunView:
    end = keys + len(_NAMES)
    configuration, digest, sweep, name, varied, population, original = row[keys:end]
    return RunView(
        ListedRun._make(row[end:]),
        configuration,
        digest,
        sweep,
        name,
        varied,
        population,
        original,
        place=row[:keys],
    )


def run_conditions(session: Session, owner_id: int, which: RunFilter) -> Sequence[ColumnElement[bool]]:
    """The conditions on `Run` of the owner's runs that `which` lets through.

    Raises:
        NotFound: the owner has no such sweep.
    """
    found: list[ColumnElement[bool]] = [Run.owner_id == owner_id]
    if which.sweep is not None:
        found.append(Run.sweep_id == _sweep_key(session, owner_id, which.sweep))
    if which.states:
        found.append(Run.state.in_(which.states))
    if which.role is not None:
        found.append(Run.role == which.role)
    if which.tree is not None:
        found.append(run_condition(which.tree, owner_id))
    return found


def _key(by: OrderBy, owner_id: int) -> Key:
    quantity = by.quantity
    if quantity.group == "attributes" and quantity.name in OF_RUN:
        return Key(OF_RUN[quantity.name], by.descending, nullable=quantity.name not in ALWAYS)
    column, beside = run_value(quantity, owner_id)
    return Key(column, by.descending, beside=beside)


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
    return _with_names(select(Run, *_NAMES)).where(Run.owner_id == owner_id)


def _with_names(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return (
        statement.join(ConfigurationRow, ConfigurationRow.id == Run.configuration_id)
        .join(Sweep, Sweep.id == Run.sweep_id)
        .join(PopulationRow, PopulationRow.id == Run.population_id)
        .outerjoin(_Original, _Original.id == Run.reused_from_id)
    )


def _sweep_key(session: Session, owner_id: int, public_id: str) -> int:
    key = session.scalar(select(Sweep.id).where(Sweep.public_id == public_id, Sweep.owner_id == owner_id))
    if key is None:
        raise NotFound(f"there is no sweep {public_id}")
    return key
