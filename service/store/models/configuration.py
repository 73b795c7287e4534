"""One point of a search space, without the seed, stored once for everybody who asks for it."""

from __future__ import annotations

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.models.base import Base, Document, Key, Number, Sha256, Word


class ConfigurationRow(Base):
    """A configuration as canonical JSON, with indexed columns for the fields that people filter by.

    A null column: the field is not used by this configuration.
    """

    __tablename__ = "configurations"

    id: Mapped[Key]
    hash: Mapped[Sha256] = mapped_column(unique=True)
    document: Mapped[Document]

    hidden_layers: Mapped[str] = mapped_column(String(200), index=True)  # "[64]", "[]"
    activation: Mapped[Word | None] = mapped_column(index=True)
    output_activation: Mapped[Word | None]
    loss: Mapped[Word] = mapped_column(index=True)
    initializer: Mapped[Word | None]
    optimizer: Mapped[Word] = mapped_column(index=True)
    learning_rate: Mapped[Number] = mapped_column(index=True)
    learning_rate_schedule: Mapped[Word | None]
    momentum: Mapped[Number | None]
    batch_size: Mapped[int | None] = mapped_column(Integer, index=True)  # null: the full batch
    epochs: Mapped[int] = mapped_column(Integer)
    l1: Mapped[Number | None]
    l2: Mapped[Number | None] = mapped_column(index=True)
    weight_decay: Mapped[Number | None] = mapped_column(index=True)
    dropout: Mapped[Number | None] = mapped_column(index=True)
    gradient_clip: Mapped[Number | None]
    patience: Mapped[int | None] = mapped_column(Integer)
    dtype: Mapped[Word]
