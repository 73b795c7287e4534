"""What every answer's shape shares: times and numbers look the same wherever they stand."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Number = Annotated[
    float | Literal["NaN", "Infinity", "-Infinity"],
    Field(description='A float64; one that is not finite is the string "NaN", "Infinity" or "-Infinity".'),
]
Instant = Annotated[
    str,
    Field(
        description="RFC 3339, in UTC, with milliseconds, by the database's clock.",
        examples=["2026-11-23T20:56:12.345Z"],
    ),
]
NextCursor = Annotated[
    str | None, Field(description="Give it as `cursor` to read on; null on the last page.")
]


class Shape(BaseModel):
    """The root of the answers; a number that is not finite is written as a string."""

    model_config = ConfigDict(ser_json_inf_nan="strings", extra="forbid")


def seconds_between(start: int | None, end: int) -> float | None:
    """A duration from two instants in milliseconds; None before it began."""
    return None if start is None else max(0, end - start) / 1000
