"""A worker as it is shown."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Self

from pydantic import Field

from service.api.schemas.shape import Instant, NextCursor, Shape
from service.lifecycle.workers import ALIVE_SECONDS, WorkerState, state_of
from service.store.clock import rfc3339
from service.store.worker_queries import Training, WorkerView


class Trained(Shape):
    """What a worker trains now."""

    sweep: str
    sweep_name: str
    runs: int = Field(description="Trained together.")
    epochs_done: int = Field(description="Of all its runs.")
    epochs_total: int = Field(description="If none of them stops early.")
    epochs_per_second: float | None = Field(
        description="Of single runs, since the population was first taken; null if they had begun before."
    )


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
    environment_class: str | None = Field(description="The hash of `environment`.")
    environment: dict[str, Any] | None = Field(
        description="What bits can depend on besides the submission: NumPy, BLAS and its kernel, the machine."
    )
    population: str | None = Field(description="What it trains now, if that is the caller's.")
    trains: Trained | None = Field(description="The same population, told.")
    restarts: int = Field(description="How often `backsweep up` had to start it again, since it was started.")
    started_at: Instant
    last_seen_at: Instant

    @classmethod
    def of(cls, view: WorkerView, training: Training | None = None) -> Self:
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
                "environment": view.environment,
                "population": view.population,
                "trains": None if training is None else asdict(training),
                "restarts": worker.restarts,
                "started_at": rfc3339(worker.started_at),
                "last_seen_at": rfc3339(worker.last_seen_at),
            }
        )


class Workers(Shape):
    """Workers, the last seen first."""

    items: list[Worker]
    next_cursor: NextCursor
