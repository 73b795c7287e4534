"""A run with more epochs to come is what it would have been, had it had them from the first on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, select, update
from sqlalchemy.orm import Session

from core.configuration import Configuration
from service.lifecycle.create import chunks
from service.lifecycle.last_states import become_checkpoints
from service.lifecycle.thin_rows import forget_validation, thin_rows
from service.planning.going_on import (
    GoesOn,
    before_the_end,
    goes_on,
    is_validated_as_the_last,
    rows_can_be_thinned,
)
from service.planning.run_numbers import NUMBER_COLUMNS, number_columns
from service.planning.statuses import RUN_STEPS, Cause, RunState
from service.store.schema import Checkpoint, LastState, Run, Sweep, Weights

Rows = Sequence[Row[*tuple[Any, ...]]]
Metrics = Mapping[str, Any]


def metrics_to_go_on_with(
    session: Session, sweep_id: int, rows: Rows, configurations: Mapping[int, Configuration], epochs: int
) -> Mapping[int, Metrics]:
    """Which of the runs can go on, and the metrics of each as they were before its end.

    The others must begin again: their last states were not kept, they were stopped by a rule in their last
    epoch, or a run of so many epochs records some that they did not.
    """
    task, keeps = session.execute(select(Sweep.task, Sweep.keep_weights).where(Sweep.id == sweep_id)).one()
    of_sweep = select(Run.id).where(Run.sweep_id == sweep_id)
    states = _by_run(
        session.execute(
            select(LastState.run_id, LastState.epoch, LastState.metrics)
            .where(LastState.run_id.in_(of_sweep))
            .with_for_update()
        ).all()
    )
    weights = _by_run(
        session.execute(
            select(Weights.run_id, Weights.epoch, Run.metrics)
            .join(Run, Run.id == Weights.run_id)
            .where(Run.sweep_id == sweep_id, Weights.which == "final")
        ).all()
    )
    found: dict[int, Metrics] = {}
    for row in rows:
        if not rows_can_be_thinned(row.epochs, epochs):
            continue
        how = goes_on(configurations[row.configuration_id], task, keeps)
        epoch, metrics = {GoesOn.FROM_WEIGHTS: weights, GoesOn.FROM_STATE: states}.get(how, {}).get(
            row.id, (None, {})
        )
        if epoch == row.epoch:
            found[row.id] = before_the_end(metrics, task)
    return found


def go_on(
    session: Session,
    metrics: Mapping[int, Metrics],
    rows: Rows,
    configurations: Mapping[int, Configuration],
    epochs: int,
) -> None:
    """Give each run that goes on its checkpoint, and the metrics and rows of one that is not over."""
    going = [row for row in rows if row.id in metrics]
    if going:
        session.connection().execute(
            update(Run)
            .where(Run.id == bindparam("run"))
            .values({name: bindparam(name) for name in ("metrics", "best_epoch", *NUMBER_COLUMNS)}),
            [
                {
                    "run": row.id,
                    "metrics": dict(metrics[row.id]),
                    "best_epoch": metrics[row.id].get("best_epoch"),
                    **number_columns(metrics[row.id]),
                }
                for row in going
            ],
        )
    for part in chunks(going):
        chunk = [row.id for row in part]
        thin_rows(session, chunk, epochs, keep_last=False)
        become_checkpoints(session, chunk)
        unseen = [
            row for row in part if is_validated_as_the_last(configurations[row.configuration_id], row.epoch)
        ]
        for epoch in {row.epoch for row in unseen}:
            forget_validation(session, [row.id for row in unseen if row.epoch == epoch], epoch)
    for part in chunks(rows):
        session.execute(delete(LastState).where(LastState.run_id.in_([row.id for row in part])))


def keep_checkpoints(session: Session, rows: Rows, epochs: int) -> None:
    """Keep failed and canceled runs' checkpoints, where their rows can be those of so many epochs."""
    waiting = [row for row in rows if RunState(row.state) in RUN_STEPS[Cause.RETRY].before]
    for thin in (True, False):
        for part in chunks([row for row in waiting if rows_can_be_thinned(row.epochs, epochs) is thin]):
            chunk = [row.id for row in part]
            if thin:
                thin_rows(session, chunk, epochs, keep_last=False)
            else:
                session.execute(delete(Checkpoint).where(Checkpoint.run_id.in_(chunk)))


def _by_run(rows: Rows) -> dict[int, tuple[int, Metrics]]:
    return {run_id: (epoch, metrics) for run_id, epoch, metrics in rows}
