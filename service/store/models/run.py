"""One training, and what it left behind: losses, layer statistics, checkpoint and weights."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Boolean,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from service.planning.statuses import Role, RunState
from service.store.models.base import (
    Base,
    Blob,
    Count,
    Document,
    Instant,
    JsonType,
    Key,
    Number,
    Prose,
    PublicId,
    Sha256,
    Word,
    one_of,
)
from service.store.models.run_numbers import RunNumbers

_REUSED = text("reused_from_id IS NOT NULL")  # for what is deleted: who else shows it


class Run(RunNumbers, Base):
    """A configuration with a seed: a row from the first commit of its sweep."""

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("sweep_id", "number"),
        Index("ix_runs_owner_id_public_id", "owner_id", "public_id"),  # the newest of an owner
        Index("ix_runs_sweep_id_state", "sweep_id", "state"),
        Index("ix_runs_configuration_id_seed", "configuration_id", "seed"),
        Index("ix_runs_reused_from_id", "reused_from_id", sqlite_where=_REUSED, postgresql_where=_REUSED),
        one_of("state", RunState),
        one_of("role", Role),
    )

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))  # repeated for queries
    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweeps.id"))
    population_id: Mapped[int] = mapped_column(ForeignKey("populations.id"), index=True)
    configuration_id: Mapped[int] = mapped_column(ForeignKey("configurations.id"))
    number: Mapped[Count]  # from 1; the baselines follow the search
    role: Mapped[Word] = mapped_column(default=Role.SEARCH)
    seed: Mapped[Count]
    state: Mapped[Word] = mapped_column(default=RunState.QUEUED)
    reason: Mapped[Prose | None]
    epoch: Mapped[int] = mapped_column(Integer, default=0)  # the last epoch recorded
    epochs: Mapped[int] = mapped_column(Integer)

    # The last epoch's values; null where there is none or it is not finite (then `metrics` has the code).
    train_loss: Mapped[Number | None]
    train_score: Mapped[Number | None]
    validation_loss: Mapped[Number | None] = mapped_column(index=True)
    validation_score: Mapped[Number | None] = mapped_column(index=True)
    test_loss: Mapped[Number | None]
    test_score: Mapped[Number | None]
    best_epoch: Mapped[int | None] = mapped_column(Integer)  # by the objective
    metrics: Mapped[Document]  # {"validation_loss": {"last", "best", "min", "max"}, ...}
    test_outcomes: Mapped[bytes | None] = mapped_column(
        LargeBinary, deferred=True
    )  # per test row, for rule R9

    collapsed: Mapped[bool] = mapped_column(Boolean, default=False)
    diverged_step: Mapped[int | None] = mapped_column(Integer)
    diverged_tensor: Mapped[Word | None]
    environment_class: Mapped[Sha256 | None]
    weights_sha256: Mapped[Sha256 | None] = mapped_column(index=True)
    identity_sha256: Mapped[Sha256] = mapped_column(index=True)  # data, rows, configuration, seed, numerics
    reused_from_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id"))
    replay: Mapped[dict[str, Any] | None] = mapped_column(JsonType)  # a replayed epoch that differed
    train_seconds: Mapped[Number | None]  # its share of its population's time in the core
    started_at: Mapped[Instant | None]
    finished_at: Mapped[Instant | None]


class LossRow(Base):
    """One recorded epoch of one run.

    A value that is not finite is null; `non_finite` then holds two bits for it, in the order of the
    columns from the lowest bits up: 1 NaN, 2 Infinity, 3 -Infinity.
    """

    __tablename__ = "losses"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own form

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    train_loss: Mapped[float | None] = mapped_column(Double)
    train_score: Mapped[float | None] = mapped_column(Double)
    validation_loss: Mapped[float | None] = mapped_column(Double)
    validation_score: Mapped[float | None] = mapped_column(Double)
    learning_rate: Mapped[float | None] = mapped_column(Double)
    gradient_norm: Mapped[float | None] = mapped_column(Double)
    update_ratio: Mapped[float | None] = mapped_column(Double)
    non_finite: Mapped[int] = mapped_column(Integer, default=0, server_default="0")


class LayerRow(Base):
    """What some recorded epochs of one run did to each of its layers; the next row goes on behind them.

    Of a run that was given more epochs, records stay that its losses no longer have.
    """

    __tablename__ = "layer_statistics"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own form

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)  # the first of them
    layers: Mapped[int] = mapped_column(Integer)
    item_bytes: Mapped[int] = mapped_column(Integer)  # of a number: 4 or 8
    content: Mapped[Blob]  # as `service.planning.layer_records` packs them


class Checkpoint(Base):
    """Everything needed to continue a run bit for bit; deleted when the run ends.

    For a finished run that is given more epochs, it may be final weights as safetensors.
    """

    __tablename__ = "checkpoints"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[Sha256]
    content: Mapped[Blob]
    fencing_token: Mapped[Count]
    created_at: Mapped[Instant]


class LastState(Base):
    """What a run that reached its last epoch would go on from, if it were given more of them.

    Kept while all of them together are below a bound; `service.lifecycle.last_states` lets the oldest go.
    """

    __tablename__ = "last_states"
    __table_args__ = (Index("ix_last_states_kept_at_size", "kept_at", "size"),)

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[Sha256]
    content: Mapped[Blob]  # a checkpoint
    size: Mapped[int] = mapped_column(Integer)  # bytes
    metrics: Mapped[Document]  # the run's, before what only an end adds
    kept_at: Mapped[Instant]


class Weights(Base):
    """A run's weights as safetensors."""

    __tablename__ = "weights"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    which: Mapped[Word] = mapped_column(primary_key=True)  # final | best
    weights_sha256: Mapped[Sha256]
    content: Mapped[Blob]
    epoch: Mapped[int] = mapped_column(Integer)
