"""Whether the service lives, and whether what it stands on answers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from service.api.schemas.shape import Shape


class Health(Shape):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Part(Shape):
    """One thing that the service stands on."""

    ok: bool
    kind: str | None = Field(examples=["sqlite", "postgresql", "redis"])


class LiveWorkers(Shape):
    """How many workers there are in which state; `live` are those that train or are idle."""

    live: int
    training: int
    idle: int
    silent: int = Field(description="Not seen lately, for less than a day, and without a goodbye.")


class Readiness(Shape):
    """`degraded` still takes submissions: what is queued waits in the database for the broker or a worker."""

    status: Literal["ok", "degraded", "unavailable"]
    database: Part
    broker: Part
    workers: LiveWorkers
