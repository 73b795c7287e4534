"""Who trains, and in which environment."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from service.store.models.base import Base, Count, Document, Instant, JsonType, Key, Name, Sha256


class Environment(Base):
    """An environment class: all that a run's bits can depend on besides what was submitted."""

    __tablename__ = "environments"

    hash: Mapped[Sha256] = mapped_column(primary_key=True)
    document: Mapped[Document]


class Worker(Base):
    """A worker process, when it was last seen and what it measured of its machine."""

    __tablename__ = "workers"

    id: Mapped[Key]
    name: Mapped[Name] = mapped_column(unique=True)
    host: Mapped[Name]
    process_id: Mapped[int] = mapped_column(Integer)
    environment_class: Mapped[Sha256 | None] = mapped_column(ForeignKey("environments.hash"))
    calibration: Mapped[dict[str, Any] | None] = mapped_column(JsonType)
    population_id: Mapped[int | None] = mapped_column(ForeignKey("populations.id"))
    restarts: Mapped[int] = mapped_column(Integer, default=0)  # by `backsweep up`, since it was started
    leases_lost: Mapped[Count]  # ever: expired, or its training process died
    handed_back: Mapped[Count]  # populations, ever: at a stop or a pause
    started_at: Mapped[Instant]
    turned_at: Mapped[Instant]  # when it last took a population, finished one or began to be idle
    last_seen_at: Mapped[Instant] = mapped_column(index=True)
    stopped_at: Mapped[Instant | None]
