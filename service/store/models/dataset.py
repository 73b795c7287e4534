"""Tables of examples, immutable and addressed by the hash of their content."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.models.base import Base, Blob, Count, Document, Instant, Key, Name, Prose, PublicId, Sha256


class Dataset(Base):
    """A name bound to one content per owner."""

    __tablename__ = "datasets"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)

    id: Mapped[Key]
    public_id: Mapped[PublicId]
    owner_id: Mapped[int] = mapped_column(ForeignKey("owners.id"))
    name: Mapped[Name]
    content_hash: Mapped[Sha256] = mapped_column(index=True)
    columns: Mapped[Document]  # {"columns": [{"name", "kind"}, ...], "target": "digit"}
    row_count: Mapped[int] = mapped_column(Integer)
    byte_count: Mapped[Count]
    content: Mapped[Blob] = mapped_column(deferred=True)
    licence: Mapped[Prose | None]
    source: Mapped[Prose | None]
    created_at: Mapped[Instant]
