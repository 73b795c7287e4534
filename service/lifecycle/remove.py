"""A deleted sweep is gone for its owner at once, and from the tables piece by piece.

In between it belongs to `REMOVED`, an owner whom nobody can ask as. Every query names an owner, so that
nothing else has to know of it. SQLite gives the largest key of a table out again once its row is gone, and a
key that stands for two things could let a slow worker write into a sweep of today by a right of yesterday's,
or keep an event from a client that goes on behind yesterday's. So the newest row of a table always stays, and
goes when it is no longer the newest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from service.errors import Conflict, NotFound
from service.lifecycle.owned_sweep import take_sweep
from service.store.clock import now
from service.store.database import Database
from service.store.models.base import Base
from service.store.schema import Event, LossRow, Owner, PopulationRow, Run, Sweep, Verification, metadata
from service.store.upsert import insert_ignoring_duplicates

REMOVED = "(removed)"  # the name of the owner of what is being deleted
MOST_RUNS = 200  # of one piece
MOST_ROWS = 20_000  # losses or events of one piece: 0.15 s of SQLite's only writer on a machine that is busy
MOST_HIDDEN = 5_000  # runs
LONGEST_REST = 0.1  # seconds between two pieces, in which others write


def remove_sweep(database: Database, owner_id: int, public_id: str, *, seconds: float) -> None:
    """Delete a final sweep with all that belongs to it, and work on that for so long; upkeep does the rest.

    Other sweeps' runs that took their results from it keep them.

    Raises:
        NotFound: the owner has no such sweep.
        Conflict: it has runs that are not final.
    """
    key = database.run(lambda session: _take_away(session, owner_id, public_id))
    while database.run(lambda session: _hide_runs(session, key)):
        continue
    purge(database, seconds=seconds)


def purge(database: Database, *, seconds: float) -> bool:
    """Delete what is to be deleted in small pieces, for about so long; whether nothing is left to do."""
    return piece_by_piece(database, _purge_piece, until=time.monotonic() + seconds)


def piece_by_piece(database: Database, piece: Callable[[Session], int], *, until: float) -> bool:
    """Delete pieces, each in a transaction of its own, until there is none, or until this monotonic second.

    Whether nothing is left; between two pieces others write.
    """
    while True:
        start = time.monotonic()
        if not database.run(piece):
            return True
        end = time.monotonic()
        if end >= until:
            return False
        time.sleep(min(end - start, LONGEST_REST))


def removed_owner(session: Session) -> int | None:
    """The owner of what is being deleted, if there ever was something."""
    return session.scalar(select(Owner.id).where(Owner.name == REMOVED))


def _take_away(session: Session, owner_id: int, public_id: str) -> int:
    sweep = take_sweep(session, owner_id, public_id)
    if not sweep.state.is_final:
        raise Conflict(f"sweep {public_id} is {sweep.state.value}; cancel it before you delete it")
    if removed_owner(session) is None:
        insert_ignoring_duplicates(session, Owner, [{"name": REMOVED, "created_at": now()}])
    taken = session.execute(
        update(Sweep)
        .where(Sweep.id == sweep.id, Sweep.owner_id == owner_id)
        .values(
            owner_id=removed_owner(session),
            idempotency_key=None,
            dataset_id=None,  # which may be deleted now
            headline="",  # nobody needs one
            best_result={},
        )
        .returning(Sweep.id)
    ).one_or_none()
    if taken is None:  # another request was faster
        raise NotFound(f"there is no sweep {public_id}")
    return sweep.id


def _hide_runs(session: Session, sweep: int) -> int:
    """Give some runs to the owner of what is deleted: lists of runs ask for their owner."""
    owner = removed_owner(session)
    visible = select(Run.id).where(Run.sweep_id == sweep, Run.owner_id != owner).limit(MOST_HIDDEN)
    hidden = session.execute(
        update(Run).where(Run.id.in_(visible)).values(owner_id=owner).returning(Run.id)
    ).all()
    return len(hidden)


def _purge_piece(session: Session) -> bool:
    """Delete some of the first sweep that has something to delete; whether there was one.

    Of one alone: however many sweeps wait to be deleted, nobody waits longer for this transaction.
    """
    owner = removed_owner(session)
    if owner is None:
        return False
    sweeps = session.scalars(select(Sweep.id).where(Sweep.owner_id == owner).order_by(Sweep.id)).all()
    return any(_purge_some(session, sweep) for sweep in sweeps)


def _purge_some(session: Session, sweep: int) -> bool:
    """Delete some of one sweep, in the order in which rows refer to one another; whether there was any."""
    if runs := _some_runs(session, sweep):
        _delete(session, Run, runs)
        return True
    if events := session.scalars(
        select(Event.id)
        .where(Event.sweep_id == sweep, _not_the_newest(Event.id))
        .limit(MOST_ROWS)
        .with_for_update(skip_locked=True)
    ).all():
        session.execute(delete(Event).where(Event.id.in_(events)))
        return True
    used = select(Run.population_id).where(Run.sweep_id == sweep)
    if populations := session.scalars(
        select(PopulationRow.id)
        .where(
            PopulationRow.sweep_id == sweep,
            PopulationRow.id.not_in(used),
            _not_the_newest(PopulationRow.id),
        )
        .limit(MOST_RUNS)
        .with_for_update(skip_locked=True)
    ).all():
        _delete(session, PopulationRow, populations)
        return True
    for table in (PopulationRow, Event):
        if session.scalar(select(table.id).where(table.sweep_id == sweep).limit(1)) is not None:
            return False
    gone = session.scalars(
        select(Sweep.id).where(Sweep.id == sweep, _not_the_newest(Sweep.id)).with_for_update(skip_locked=True)
    ).all()
    _delete(session, Sweep, gone)
    return bool(gone)


def _some_runs(session: Session, sweep: int) -> Sequence[int]:
    """Runs of a sweep with not much more than `MOST_ROWS` losses."""
    found = session.execute(
        select(Run.id, func.count(LossRow.epoch))
        .outerjoin(LossRow, LossRow.run_id == Run.id)
        .where(Run.id.in_(_candidates(sweep)))
        .group_by(Run.id)
        .order_by(Run.id)
    ).all()
    chosen: list[int] = []
    rows = 0
    for run, losses in found:
        if chosen and rows + losses > MOST_ROWS:
            break
        chosen.append(run)
        rows += losses
    locked = select(Run.id).where(Run.id.in_(chosen)).with_for_update(skip_locked=True)
    return session.scalars(locked).all() if chosen else ()


def _candidates(sweep: int) -> Any:
    return (
        select(Run.id)
        .where(Run.sweep_id == sweep, _not_the_newest(Run.id), Run.id.is_distinct_from(_newest_verified()))
        .order_by(Run.id)
        .limit(MOST_RUNS)
    )


def _newest_verified() -> Any:
    """The run of the newest verification, whose key is written under as well."""
    return select(Verification.run_id).order_by(Verification.id.desc()).limit(1).scalar_subquery()


def _not_the_newest(key: Any) -> ColumnElement[bool]:
    table = key.class_
    return key < select(func.max(table.id)).scalar_subquery()  # type: ignore[no-any-return]


def _delete(session: Session, table: type[Base], keys: Sequence[int]) -> None:
    """Delete rows with all that refers to them; what can do without the reference loses only that."""
    for column in _references(table):
        which = column.in_(keys)
        if column.nullable:
            session.execute(update(column.table).where(which).values({column: None}))
        else:
            session.execute(delete(column.table).where(which))
    session.execute(delete(table).where(table.__table__.c.id.in_(keys)))


def _references(table: type[Base]) -> Sequence[Column[Any]]:
    """The columns of other tables that hold this table's keys; what hangs from those comes first."""
    return [
        column
        for other in reversed(metadata.sorted_tables)
        for column in other.columns
        if any(key.references(table.__table__) for key in column.foreign_keys)
    ]
