"""Tables of examples, immutable and addressed by the hash of their content."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.models.base import (
    Base,
    Blob,
    Count,
    Document,
    Instant,
    Key,
    Name,
    Prose,
    PublicId,
    Sha256,
    Word,
)


class Dataset(Base):
    """A name bound to one content per owner."""

    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))
    name: Mapped[Name]
    content_hash: Mapped[Sha256] = mapped_column(index=True)  # of the canonical bytes
    columns: Mapped[Document]  # {"columns": [{"name", "kind"}, ...], "target": "digit"}
    row_count: Mapped[int] = mapped_column(Integer)
    column_count: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    byte_count: Mapped[Count]  # of the canonical bytes
    content: Mapped[Blob] = mapped_column(deferred=True)  # the canonical bytes, packed
    default_target: Mapped[Name | None]
    task: Mapped[Word | None]  # that the default target makes
    description: Mapped[Document | None] = mapped_column(deferred=True)  # service.datasets.description
    licence: Mapped[Prose | None]
    source: Mapped[Prose | None]
    notes: Mapped[Prose | None]
    created_at: Mapped[Instant]
