"""What the answers of a large, final sweep are worked out from, gathered out of many rows."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from service.store.models.base import Base, Blob, Count, Word


class Gathered(Base):
    """Arrays of one sweep, as `service.store.gathered` writes them."""

    __tablename__ = "gathered"

    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweeps.id"), primary_key=True, autoincrement=False)
    name: Mapped[Word] = mapped_column(primary_key=True)  # see `service.store.gathered_names`
    event_count: Mapped[Count]  # the sweep's, when this was gathered: with another one it is not used
    content: Mapped[Blob]
