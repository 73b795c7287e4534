"""Reading all of many runs or losses, piece by piece: each piece is a short transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from service.errors import NotFound
from service.planning.measurements import COLUMNS, decode
from service.store.clock import rfc3339
from service.store.database import Database
from service.store.raw_rows import raw_rows
from service.store.run_queries import RunFilter, run_conditions
from service.store.schema import ConfigurationRow, LossRow, Run, Sweep

RUNS_AT_ONCE = 500
RUNS_OF_LOSSES = 10  # at most 1,000 losses each, and a few more
_Original = aliased(Run)  # the run whose result was reused


@dataclass(frozen=True, slots=True)
class ExportedSweep:
    """What must be known of a sweep before its rows are read."""

    key: int
    task: str
    fields: frozenset[str]  # of the configurations that its runs have, and those that it varies


def find_exported(session: Session, owner_id: int, public_id: str) -> ExportedSweep:
    """An owner's sweep.

    Raises:
        NotFound: the owner has no such sweep.
    """
    row = session.execute(
        select(Sweep.id, Sweep.task, Sweep.varied).where(
            Sweep.public_id == public_id, Sweep.owner_id == owner_id
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"there is no sweep {public_id}")
    used = select(Run.configuration_id).where(Run.sweep_id == row.id)
    documents = session.scalars(
        select(ConfigurationRow.document)
        .where(ConfigurationRow.id.in_(used))
        .execution_options(yield_per=1000)
    )
    fields = set(row.varied)
    for document in documents:
        fields.update(document)
    return ExportedSweep(row.id, row.task, frozenset(fields))


def runs_of_sweep(database: Database, sweep: int) -> Iterator[Sequence[Mapping[str, Any]]]:
    """The records of all runs of a sweep by their numbers, in pieces."""
    number = 0
    while True:
        piece = _runs().where(Run.sweep_id == sweep, Run.number > number)
        with database.read(mapped=False) as session:
            records = _records(session, piece.order_by(Run.number).limit(RUNS_AT_ONCE))
        if not records:
            return
        yield records
        number = records[-1]["number"]


def runs_of_owner(
    database: Database, owner_id: int, which: RunFilter
) -> Iterator[Sequence[Mapping[str, Any]]]:
    """The records of all of an owner's runs that `which` lets through, the oldest first, in pieces."""
    key = 0
    while True:
        with database.read(mapped=False) as session:
            conditions = run_conditions(session, owner_id, which)
            piece = _runs().where(*conditions, Run.id > key)
            records = _records(session, piece.order_by(Run.id).limit(RUNS_AT_ONCE))
        if not records:
            return
        yield records
        key = records[-1]["key"]


def losses_of_sweep(database: Database, sweep: int) -> Iterator[Sequence[Sequence[Any]]]:
    """All losses of a sweep, run by run, in the order of `planning.export_columns.LOSS_COLUMNS`."""
    number = 0
    while True:
        with database.read(mapped=False) as session:
            numbers = session.scalars(
                select(Run.number)
                .where(Run.sweep_id == sweep, Run.number > number)
                .order_by(Run.number)
                .limit(RUNS_OF_LOSSES)
            ).all()
            if not numbers:
                return
            number = numbers[-1]
            rows = raw_rows(
                session, _losses().where(Run.sweep_id == sweep, Run.number.between(numbers[0], number))
            )
        yield [row[:-1] if not row[-1] else _restored(row) for row in rows]


def _runs() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Run.id.label("key"),
            Run.public_id.label("run"),
            Sweep.public_id.label("sweep"),
            Run.number,
            Run.role,
            Run.seed,
            Run.state,
            Run.reason,
            Run.epoch,
            Run.epochs,
            ConfigurationRow.hash.label("configuration_hash"),
            ConfigurationRow.document.label("configuration"),
            Run.metrics,
            Run.best_epoch,
            Run.collapsed,
            Run.diverged_step,
            Run.diverged_tensor,
            Run.train_seconds,
            Run.environment_class,
            Run.weights_sha256,
            _Original.public_id.label("reused_from"),
            Run.started_at,
            Run.finished_at,
        )
        .join(ConfigurationRow, ConfigurationRow.id == Run.configuration_id)
        .join(Sweep, Sweep.id == Run.sweep_id)
        .outerjoin(_Original, _Original.id == Run.reused_from_id)
    )


def _records(session: Session, statement: Select[*tuple[Any, ...]]) -> Sequence[Mapping[str, Any]]:
    return [
        {**row, "started_at": rfc3339(row["started_at"]), "finished_at": rfc3339(row["finished_at"])}
        for row in session.execute(statement).mappings()
    ]


def _losses() -> Select[*tuple[Any, ...]]:
    table = LossRow.__table__.c
    return (
        select(
            Run.public_id,
            Run.number,
            Run.role,
            Run.seed,
            table.epoch,
            *(table[name] for name in COLUMNS),
            table.non_finite,
        )
        .join(LossRow, LossRow.run_id == Run.id)
        .order_by(Run.number, table.epoch)
    )


def _restored(row: Any) -> Sequence[Any]:
    """The row with what is not finite in the place of the code for it."""
    known, names = row[: -1 - len(COLUMNS)], (*COLUMNS, "non_finite")
    return (*known, *decode(dict(zip(names, row[len(known) :], strict=True))))
