"""The unit that workers claim: runs of one shape that train together, under one lease."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from service.planning.statuses import PopulationState
from service.store.models.base import Base, Count, Instant, Key, PublicId, Sha256, Word, one_of


class PopulationRow(Base):
    """A population, who holds it until when, and the fencing token that makes a late writer harmless."""

    __tablename__ = "populations"
    __table_args__ = (
        Index("ix_populations_state_priority_created_at", "state", "priority", "created_at"),
        Index("ix_populations_owner_id_state", "owner_id", "state"),
        one_of("state", PopulationState),
    )

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweeps.id"), index=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))  # repeated: claims share out by owner
    state: Mapped[Word] = mapped_column(default=PopulationState.QUEUED)
    priority: Mapped[int] = mapped_column(Integer, default=0)  # lower is sooner
    lease_owner: Mapped[str | None] = mapped_column(String(200))  # the worker's name
    lease_expires_at: Mapped[Instant | None] = mapped_column(index=True)
    fencing_token: Mapped[Count]  # raised by one in the statement that sets the lease
    leases_lost: Mapped[int] = mapped_column(Integer, default=0)
    environment_class: Mapped[Sha256 | None]  # set by the first claim
    epoch: Mapped[int] = mapped_column(Integer, default=0)  # the last epoch recorded
    created_at: Mapped[Instant]
    started_at: Mapped[Instant | None]
    finished_at: Mapped[Instant | None] = mapped_column(index=True)  # claims look at recent service
