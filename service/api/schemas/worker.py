"""A worker as it is shown."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field

from service.api.schemas.shape import Instant, NextCursor, Shape
from service.lifecycle.workers import ALIVE_SECONDS
from service.store.clock import rfc3339
from service.store.worker_queries import WorkerView


class Worker(Shape):
    """A process that trains."""

    name: str
    host: str
    process_id: int
    state: Literal["alive", "lost", "stopped"] = Field(
        description=f"Lost: silent for more than {ALIVE_SECONDS:g} seconds. Stopped: it said goodbye."
    )
    environment_class: str | None
    population: str | None = Field(description="What it trains now, if that is the caller's.")
    started_at: Instant
    last_seen_at: Instant

    @classmethod
    def of(cls, view: WorkerView) -> Self:
        """The shape of a stored worker."""
        worker = view.worker
        silent = (view.read_at - worker.last_seen_at) / 1000
        seen = "alive" if silent <= ALIVE_SECONDS else "lost"
        return cls.model_validate(
            {
                "name": worker.name,
                "host": worker.host,
                "process_id": worker.process_id,
                "state": "stopped" if worker.stopped_at is not None else seen,
                "environment_class": worker.environment_class,
                "population": view.population,
                "started_at": rfc3339(worker.started_at),
                "last_seen_at": rfc3339(worker.last_seen_at),
            }
        )


class Workers(Shape):
    """Workers, the last seen first."""

    items: list[Worker]
    next_cursor: NextCursor
