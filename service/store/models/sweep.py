"""A submitted job, and the events that tell its story in order."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.planning.statuses import Intent, SweepState
from service.planning.sweep_file import JSON
from service.store.models.base import (
    Base,
    Count,
    Document,
    Instant,
    JsonOrNull,
    JsonType,
    Key,
    Name,
    Number,
    Prose,
    PublicId,
    Sha256,
    Word,
    one_of,
)


class Sweep(Base):
    """One job: what was submitted, what was fixed at submit, and how far it is."""

    __tablename__ = "sweeps"
    __table_args__ = (
        UniqueConstraint("owner_id", "idempotency_key"),
        Index("ix_sweeps_owner_id_created_at", "owner_id", "created_at"),
        Index("ix_sweeps_owner_id_state", "owner_id", "state"),
        # Summed at each submit by a key.
        Index("ix_sweeps_owner_id_planned_bytes", "owner_id", "planned_bytes"),
        one_of("state", SweepState),
        one_of("intent", Intent),
    )

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))
    name: Mapped[Name]
    notes: Mapped[Prose] = mapped_column(default="")
    tags: Mapped[Document]
    submitted: Mapped[Prose] = mapped_column(deferred=True)  # the text as it came
    media_type: Mapped[Word] = mapped_column(default=JSON, server_default=JSON)  # of the text
    extensions: Mapped[list[Any]] = mapped_column(JsonType, default=list, server_default="[]")  # in order
    warnings: Mapped[list[Any]] = mapped_column(JsonType)
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    body_sha256: Mapped[Sha256]

    dataset_id: Mapped[int | None] = mapped_column(ForeignKey("datasets.id"))  # null: a function
    function: Mapped[dict[str, Any] | None] = mapped_column(JsonType)
    task: Mapped[Word]
    method: Mapped[Word]
    metric: Mapped[Word]
    goal: Mapped[Word]
    keep_weights: Mapped[Word]
    varied: Mapped[list[Any]] = mapped_column(JsonType)  # names of the parameters that vary, in order
    seeds: Mapped[list[Any]] = mapped_column(JsonType)
    preprocessing: Mapped[Document] = mapped_column(
        deferred=True
    )  # as fitted on the rows outside the test set
    split: Mapped[Document] = mapped_column(deferred=True)  # the rows, fixed at submit
    split_counts: Mapped[Document]  # {"train": 1257, "validation": 270, "test": 270, "resample": true}
    constant: Mapped[Document]  # the constant predictor's metrics
    numerics_version: Mapped[int] = mapped_column(Integer)

    intent: Mapped[Word] = mapped_column(default=Intent.RUN)
    state: Mapped[Word] = mapped_column(default=SweepState.QUEUED)
    run_count: Mapped[Count]  # runs of the search; `all_*` below count the baselines as well
    all_count: Mapped[Count]
    queued_count: Mapped[Count]
    running_count: Mapped[Count]
    paused_count: Mapped[Count]
    completed_count: Mapped[Count]
    pruned_count: Mapped[Count]
    diverged_count: Mapped[Count]
    failed_count: Mapped[Count]
    canceled_count: Mapped[Count]
    epochs_total: Mapped[Count]
    epochs_done: Mapped[Count]
    planned_bytes: Mapped[Count]  # what its losses and weights may take: counted against its owner's limit
    event_count: Mapped[Count]  # the number of the last event
    test_reveals: Mapped[Count]  # how often somebody chose by test metrics (rule R8)
    headline: Mapped[Prose | None]  # kept once the sweep is final, so that lists need no statistics
    best_result: Mapped[dict[str, Any] | None] = mapped_column(JsonOrNull)  # beside it; {}: none is best
    leading_number: Mapped[int | None] = mapped_column(BigInteger)  # the run with the best value so far
    leading_value: Mapped[Number | None]  # the metric at its best epoch

    created_at: Mapped[Instant]
    started_at: Mapped[Instant | None]
    finished_at: Mapped[Instant | None]


class Event(Base):
    """One step of a sweep's story, numbered from 1 under the sweep's row lock: no gap, no double."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("sweep_id", "number"),)

    id: Mapped[Key]
    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweeps.id"))
    number: Mapped[Count]
    at: Mapped[Instant]
    kind: Mapped[Word]
    document: Mapped[Document]
