"""What is not to be kept for ever goes by itself, piece by piece; nothing does unless a setting says so."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, select
from sqlalchemy.orm import Session

from service.errors import Conflict, NotFound
from service.lifecycle.remove import MOST_RUNS, piece_by_piece, purge, remove_sweep, removed_owner
from service.planning.measurements import COLUMNS
from service.planning.statuses import SweepState
from service.settings import Settings
from service.store.clock import now
from service.store.database import Database
from service.store.schema import Gathered, LayerRow, LossRow, Run, Sweep, Weights

DAY = 86_400_000  # milliseconds
MOST_LOSSY_RUNS = 20  # of one piece: up to 1,000 losses each
FINAL = [state for state in SweepState if state.is_final]


def let_go(database: Database, settings: Settings, *, seconds: float) -> bool:
    """Delete what the settings do not keep, for about so long; whether nothing is left to do for now."""
    until = time.monotonic() + seconds
    for days, piece in (
        (settings.retain_losses_days, _drop_losses),
        (settings.retain_weights_days, _drop_weights),
    ):
        if days is not None and not piece_by_piece(database, _of_old_sweeps(piece, days), until=until):
            return False
    most = settings.retain_weights
    if most is not None and not piece_by_piece(
        database, lambda session: _shrink_weights(session, most), until=until
    ):
        return False
    days = settings.retain_sweeps_days
    return days is None or _drop_sweeps(database, days, until)


def keeps_everything(settings: Settings) -> bool:
    """Whether there is nothing to look for."""
    limits = (
        settings.retain_sweeps_days,
        settings.retain_losses_days,
        settings.retain_weights_days,
        settings.retain_weights,
    )
    return all(limit is None for limit in limits)


def _ended_before(days: float) -> ColumnElement[bool]:
    return Sweep.state.in_(FINAL) & (Sweep.finished_at < now() - round(days * DAY))


def _of_old_sweeps(piece: Callable[[Session, Select[int]], int], days: float) -> Callable[[Session], int]:
    runs = select(Run.id).join(Sweep, Sweep.id == Run.sweep_id).where(_ended_before(days)).order_by(Run.id)
    return lambda session: piece(session, runs)


def _drop_losses(session: Session, of: Select[int]) -> int:
    kept = exists().where(LossRow.run_id == Run.id)
    runs = session.scalars(of.where(kept).limit(MOST_LOSSY_RUNS)).all()
    if runs:  # gathered curves are losses, too; the rest stays, so that they are not gathered again
        sweeps = select(Run.sweep_id).where(Run.id.in_(runs))
        of_losses = Gathered.sweep_id.in_(sweeps) & Gathered.name.in_(COLUMNS)
        session.execute(delete(Gathered).where(of_losses).execution_options(synchronize_session=False))
    _deleted(session, LayerRow, runs)
    return _deleted(session, LossRow, runs)


def _drop_weights(session: Session, of: Select[int]) -> int:
    kept = exists().where(Weights.run_id == Run.id)
    runs = session.scalars(of.where(kept).limit(MOST_RUNS)).all()
    return _deleted(session, Weights, runs)


def _deleted(session: Session, table: type[LossRow | LayerRow | Weights], runs: Sequence[int]) -> int:
    if runs:
        session.execute(delete(table).where(table.run_id.in_(runs)))
    return len(runs)


def _shrink_weights(session: Session, most: int) -> int:
    """Delete weights of the sweeps that ended first, a few runs' at a time, while they are too large."""
    size: Any = func.length(Weights.content)
    excess = int(session.scalar(select(func.coalesce(func.sum(size), 0))) or 0) - most
    if excess <= 0:
        return 0
    oldest = session.execute(
        select(Run.id, func.sum(size))
        .join(Weights, Weights.run_id == Run.id)
        .join(Sweep, Sweep.id == Run.sweep_id)
        .where(Sweep.state.in_(FINAL))
        .group_by(Run.id, Sweep.finished_at)
        .order_by(Sweep.finished_at, Run.id)
        .limit(MOST_RUNS)
    ).all()
    chosen: list[int] = []
    for run, size_of_run in oldest:
        if excess <= 0:
            break
        chosen.append(run)
        excess -= int(size_of_run)
    return _deleted(session, Weights, chosen)


def _drop_sweeps(database: Database, days: float, until: float) -> bool:
    while time.monotonic() < until:
        with database.read() as session:
            found = session.execute(
                select(Sweep.owner_id, Sweep.public_id)
                .where(_ended_before(days), Sweep.owner_id.is_distinct_from(removed_owner(session)))
                .order_by(Sweep.finished_at)
                .limit(1)
            ).one_or_none()
        if found is None:
            return purge(database, seconds=max(0.0, until - time.monotonic()))
        try:
            remove_sweep(database, *found, seconds=max(0.0, until - time.monotonic()))
        except (NotFound, Conflict):  # another worker, or its owner, was faster
            continue
    return False
