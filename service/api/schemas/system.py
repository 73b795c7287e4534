"""The service as a whole."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from service.api.schemas.shape import Shape


class Queue(Shape):
    """Populations that are not finished."""

    queued: int
    running: int
    paused: int
    oldest_queued_seconds: float = Field(
        description="Since when the one waits that waits longest; 0 if none."
    )


class System(Shape):
    """What the service stands on, how much there is to do and how fast it goes."""

    whose: Literal["everybody", "own"] = Field(description="Whose runs, sweeps, queue and speed these are.")
    version: str
    database: str = Field(examples=["sqlite", "postgresql"])
    broker: str | None = Field(examples=["redis", "redis+socket", "filesystem"])
    broker_answers: bool
    workers: dict[str, int] = Field(description="By state; who has been silent for a day counts no more.")
    runs: dict[str, int] = Field(description="By state.")
    sweeps: dict[str, int] = Field(description="By state.")
    queue: Queue
    epochs_per_second: float = Field(description="Of single runs, over the last half minute.")
