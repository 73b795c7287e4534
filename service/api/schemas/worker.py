"""A worker as it is shown."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from service.api.schemas.shape import Instant, NextCursor, Shape
from service.lifecycle.workers import ALIVE_SECONDS, WorkerState, state_of
from service.store.clock import rfc3339
from service.store.worker_queries import WorkerView


class Worker(Shape):
    """A process that trains."""

    name: str
    host: str
    process_id: int
    state: WorkerState = Field(
        description="Training: it holds a lease on a population. Idle: it is alive and has none. Silent: it "
        f"was not seen for more than {ALIVE_SECONDS:g} seconds. Stopped: it said goodbye."
    )
    since: Instant = Field(description="From when on it has been in this state.")
    environment_class: str | None
    population: str | None = Field(description="What it trains now, if that is the caller's.")
    restarts: int = Field(description="How often `backsweep up` had to start it again, since it was started.")
    started_at: Instant
    last_seen_at: Instant

    @classmethod
    def of(cls, view: WorkerView) -> Self:
        """The shape of a stored worker."""
        worker = view.worker
        state, since = state_of(view)
        return cls.model_validate(
            {
                "name": worker.name,
                "host": worker.host,
                "process_id": worker.process_id,
                "state": state,
                "since": rfc3339(since),
                "environment_class": worker.environment_class,
                "population": view.population,
                "restarts": worker.restarts,
                "started_at": rfc3339(worker.started_at),
                "last_seen_at": rfc3339(worker.last_seen_at),
            }
        )


class Workers(Shape):
    """Workers, the last seen first."""

    items: list[Worker]
    next_cursor: NextCursor
