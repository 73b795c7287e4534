"""The columns of `service.planning.run_numbers`, as a part of the runs' table."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from service.store.models.base import Number


class RunNumbers:
    """Numbers of `metrics` to filter and sort by; null where one is missing or not finite."""

    train_loss_best: Mapped[Number | None]
    train_loss_min: Mapped[Number | None]
    train_loss_max: Mapped[Number | None]
    validation_loss_best: Mapped[Number | None]
    validation_loss_min: Mapped[Number | None]
    validation_loss_max: Mapped[Number | None]
    train_score_best: Mapped[Number | None]
    train_score_min: Mapped[Number | None]
    train_score_max: Mapped[Number | None]
    validation_score_best: Mapped[Number | None]
    validation_score_min: Mapped[Number | None]
    validation_score_max: Mapped[Number | None]
    validation_macro_f1: Mapped[Number | None]
    validation_mae: Mapped[Number | None]
    validation_rmse: Mapped[Number | None]
    test_macro_f1: Mapped[Number | None]
    test_mae: Mapped[Number | None]
    test_rmse: Mapped[Number | None]
