"""A long run's rows are evenly spaced, and beside them are its best and its last: no others stay."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, exists, or_, update
from sqlalchemy.orm import Session

from service.planning.measurements import COLUMNS, stride
from service.store.schema import LossRow, Run

VALIDATION = ("validation_loss", "validation_score")


def thin_rows(session: Session, runs: Sequence[int], epochs: int, *, keep_last: bool) -> None:
    """Delete what a run of so many epochs does not record.

    Best epochs that were surpassed leave rows behind wherever a checkpoint was written; which ones would
    depend on the clock.
    """
    step = stride(epochs)
    if step == 1:
        return
    kept = [Run.best_epoch == LossRow.epoch]
    if keep_last:
        kept.append(Run.epoch == LossRow.epoch)
    session.execute(
        delete(LossRow)
        .where(
            LossRow.run_id.in_(runs),
            LossRow.epoch % step != 0,
            LossRow.epoch != 1,
            ~exists().where(Run.id == LossRow.run_id, or_(*kept)),
        )
        .execution_options(synchronize_session=False)
    )


def forget_validation(session: Session, runs: Sequence[int], epoch: int) -> None:
    """Take back that an epoch was validated: it was no longer the last one."""
    bits = sum(0b11 << (2 * COLUMNS.index(name)) for name in VALIDATION)
    session.execute(
        update(LossRow)
        .where(LossRow.run_id.in_(runs), LossRow.epoch == epoch)
        .values(
            **dict.fromkeys(VALIDATION), non_finite=LossRow.non_finite - LossRow.non_finite.bitwise_and(bits)
        )
        .execution_options(synchronize_session=False)
    )
