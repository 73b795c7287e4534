"""What may stand in an address: identifiers of one form, and query parameters with bounds."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Header, Path, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from service.planning.measurements import COLUMNS, SCORES
from service.planning.statuses import Role, RunState
from service.settings import MOST_INTEGER
from service.store.run_queries import SORT_COLUMNS, Order

_UUID7 = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
SWEEP_ID = f"^s_{_UUID7}$"
RUN_ID = f"^r_{_UUID7}$"
MOST_RUNS_AT_ONCE = 200

# One of a wrong form is answered with 404, as one that was never given out.
SweepId = Annotated[str, Path(pattern=SWEEP_ID, description="`s_` and a UUIDv7.")]
RunId = Annotated[str, Path(pattern=RUN_ID, description="`r_` and a UUIDv7.")]

Cursor = Annotated[str | None, Field(max_length=500, description="The `next_cursor` of the page before.")]
Names = Annotated[str, Field(max_length=1000, description="Names, separated by commas.")]
Epoch = Annotated[int, Field(ge=0, le=2**31 - 1)]
MaxPoints = Annotated[
    int | None,
    Field(
        ge=10,
        le=10_000,
        description="Most rows per run. The smallest, largest and last values of each stretch are kept, "
        "so that a spike of one epoch survives.",
    ),
]


IfMatch = Annotated[
    str | None,
    Header(
        pattern=r'^(\*|"[0-9a-f]{16}")$',
        description="The `revision` of the sweep in quotes: 412 if somebody has changed it since. `*`, and "
        "no such header, mean any.",
    ),
]
LastEventId = Annotated[
    int | None,
    Header(
        alias="Last-Event-ID",
        ge=0,
        le=MOST_INTEGER,
        description="The id of the last event that came; browsers send it by themselves.",
    ),
]


class _Query(BaseModel):
    # A misspelt parameter must not widen what is asked for.
    model_config = ConfigDict(extra="forbid")


class PageQuery(_Query):
    """Which page of a list."""

    limit: int = Field(default=50, ge=1, le=200)
    cursor: Cursor = None


def _an_order(text: str) -> str:
    if text.removeprefix("-") not in SORT_COLUMNS:
        allowed = f"{', '.join(SORT_COLUMNS)}; with - in front from the largest down"
        raise PydanticCustomError("order", "is not an order of runs", {"expected": allowed})
    return text


class RunsQuery(_Query):
    """Which runs, in which order."""

    sweep: str | None = Field(default=None, pattern=SWEEP_ID)
    state: list[RunState] = Field(default=[], max_length=len(RunState), description="May be repeated.")
    role: Role | None = None
    order_by: Annotated[str, AfterValidator(_an_order)] | None = Field(
        default=None,
        max_length=40,
        description="A column, with - in front from the largest down; runs without a value come last. "
        "By default `number` within a sweep, else `-id`: the newest first. "
        f"Columns: {', '.join(SORT_COLUMNS)}.",
    )
    limit: int = Field(default=50, ge=1, le=1000)
    cursor: Cursor = None

    @property
    def order(self) -> Order:
        """The order that was asked for, or the one that serves the question best."""
        text = self.order_by or ("-id" if self.sweep is None else "number")
        return Order(text.removeprefix("-"), descending=text.startswith("-"))


class LossQuery(_Query):
    """Which epochs of a run."""

    after_epoch: Epoch = 0
    max_points: MaxPoints = None


class LossesQuery(LossQuery):
    """Which epochs of which runs."""

    run_ids: str = Field(max_length=MOST_RUNS_AT_ONCE * 39, description="Up to 200, separated by commas.")


def _a_column(name: str) -> str:
    for score in SCORES.values():
        name = name.replace(score, "score")
    if name not in COLUMNS:
        raise PydanticCustomError("column", "is not a column of losses", {"expected": ", ".join(COLUMNS)})
    return name


class CurvesQuery(_Query):
    """Which column, and which parameters make a setting."""

    column: Annotated[str, AfterValidator(_a_column)] = Field(
        default="validation_loss",
        max_length=40,
        description=f"One of {', '.join(COLUMNS)}; accuracy and r2 may stand for score.",
    )
    group_by: Names | None = None
    limit: int = Field(default=50, ge=1, le=200)
    cursor: Cursor = None


class SummaryQuery(_Query):
    """Which parameters make a setting."""

    group_by: Names | None = None


class EventsQuery(_Query):
    """From where on a story is told."""

    after: Annotated[int, Field(ge=0, le=MOST_INTEGER)] | None = Field(
        default=None,
        description="The number of an event: those behind it come, all of them by default. "
        "A `Last-Event-ID` header counts in its place.",
    )


class WhichQuery(_Query):
    """Which of a run's weights."""

    which: Literal["final", "best"] = Field(
        default="final", description="Those it ended with, or those of its lowest validation loss."
    )


class WeightsQuery(WhichQuery):
    """Which weights, written how."""

    format: Literal["safetensors", "npz", "onnx", "json"] = "safetensors"


def names(text: str | None) -> tuple[str, ...] | None:
    """The names in a comma-separated list; None if none was given."""
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


async def _body(request: Request) -> bytes:
    return await request.body()


# The bytes as they came: what they say is judged by our own strict reader.
Body = Annotated[bytes, Depends(_body)]
