"""A run that is trained again, alone, to see whether the same bits come out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from service.planning.verification import VerificationState
from service.store.models.base import (
    Base,
    Count,
    Instant,
    JsonType,
    Key,
    Prose,
    PublicId,
    Sha256,
    Word,
    one_of,
)


class Verification(Base):
    """Who trains the run again until when, under which fencing token, and how the two trainings compare."""

    __tablename__ = "verifications"
    __table_args__ = (
        Index("ix_verifications_state_created_at", "state", "created_at"),
        Index("ix_verifications_owner_id_state", "owner_id", "state"),
        one_of("state", VerificationState),
    )

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), index=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))  # repeated: claims share out by owner
    state: Mapped[Word] = mapped_column(default=VerificationState.QUEUED)
    lease_owner: Mapped[str | None] = mapped_column(String(200))  # the worker's name, its last one at the end
    lease_expires_at: Mapped[Instant | None] = mapped_column(index=True)
    fencing_token: Mapped[Count]  # raised by one in the statement that sets the lease
    leases_lost: Mapped[int] = mapped_column(Integer, default=0)
    environment_class: Mapped[Sha256 | None]  # that it was trained in the second time
    weights_sha256: Mapped[Sha256 | None]  # as they came out the second time
    matches: Mapped[bool | None] = mapped_column(Boolean)
    reason: Mapped[Prose | None]  # why it failed, or what differs
    comparison: Mapped[dict[str, Any] | None] = mapped_column(JsonType)
    created_at: Mapped[Instant]
    started_at: Mapped[Instant | None]
    finished_at: Mapped[Instant | None]
