"""What may stand in an address: identifiers of one form, and query parameters with bounds."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Header, Path, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from service.planning.measurements import COLUMNS, SCORES
from service.planning.query.grammar import MOST_CHARACTERS
from service.planning.statuses import Role, RunState
from service.variables import MOST_INTEGER

UUID7 = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
SWEEP_ID = f"^s_{UUID7}$"
RUN_ID = f"^r_{UUID7}$"
VERIFICATION_ID = f"^v_{UUID7}$"
MOST_RUNS_AT_ONCE = 200
MOST_LOSSES_AT_ONCE = 15_000  # rows on a page of several runs' losses: 0.1 s on a slow core
_HASH = "^[0-9a-f]{64}$"

# One of a wrong form is answered with 404, as one that was never given out.
SweepId = Annotated[str, Path(pattern=SWEEP_ID, description="`s_` and a UUIDv7.")]
RunId = Annotated[str, Path(pattern=RUN_ID, description="`r_` and a UUIDv7.")]
VerificationId = Annotated[str, Path(pattern=VERIFICATION_ID, description="`v_` and a UUIDv7.")]

Cursor = Annotated[str | None, Field(max_length=6000, description="The `next_cursor` of the page before.")]
Names = Annotated[str, Field(max_length=1000, description="Names, separated by commas.")]
Hashes = Annotated[
    str,
    Field(
        pattern="^[0-9a-f]{64}(,[0-9a-f]{64}){0,199}$",
        description="Only these: up to 200 of the summary's `configuration_hash`, separated by commas.",
    ),
]
Epoch = Annotated[int, Field(ge=0, le=2**31 - 1)]
Filter = Annotated[
    str,
    Field(
        max_length=MOST_CHARACTERS,
        description="The query language: `metrics.NAME`, `params.NAME`, `tags.KEY` and attributes compared, "
        "and joined by `and`, `or`, `not` and parentheses. See docs/queries.md.",
        examples=[
            "metrics.validation_loss < 0.1 and params.activation = 'relu' and attributes.state = 'completed'",
            "params.learning_rate between 0.01 and 1 and (tags.course = 'ml-101' or seed in (0, 1))",
        ],
    ),
]
RevealTest = Annotated[
    bool,
    Field(
        description="Let test metrics be filtered and sorted by, which makes them a part of the choice: "
        "the sweep counts how often, and its summary says so. Only with `sweep`."
    ),
]
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
LastPlace = Annotated[
    int | None,
    Header(
        alias="Last-Event-ID",
        ge=0,
        le=MOST_INTEGER,
        description="The last id that came; browsers send it by themselves.",
    ),
]


class _Query(BaseModel):
    # A misspelt parameter must not widen what is asked for.
    model_config = ConfigDict(extra="forbid")


class SweepsQuery(_Query):
    """Which sweeps."""

    filter: Annotated[
        str,
        Field(
            max_length=MOST_CHARACTERS,
            description="The query language over name, tags, state, dataset, method and times of sweeps.",
            examples=["tags.course = 'ml-101' and state = 'completed'", "name ilike '%digits%'"],
        ),
    ] = ""
    limit: int = Field(default=50, ge=1, le=200)
    cursor: Cursor = None


class RunsQuery(_Query):
    """Which runs, in which order."""

    filter: Filter = ""
    sweep: str | None = Field(default=None, pattern=SWEEP_ID)
    state: list[RunState] = Field(default=[], max_length=len(RunState), description="May be repeated.")
    role: Role | None = None
    order_by: str = Field(
        default="",
        max_length=MOST_CHARACTERS,
        description="Up to five of what a filter may name, separated by commas; `DESC` behind one or `-` in "
        "front of it begins with the largest. Runs without a value come last. By default `number` within "
        "a sweep, else `-id`: the newest first.",
        examples=["metrics.validation_loss ASC, params.learning_rate DESC", "-validation_accuracy.max"],
    )
    reveal_test: RevealTest = False
    limit: int = Field(default=50, ge=1, le=1000)
    cursor: Cursor = None

    @field_validator("reveal_test")
    @classmethod
    def _of_one_sweep(cls, asked: bool, info: ValidationInfo) -> bool:
        if asked and not info.data.get("sweep"):
            raise PydanticCustomError(
                "reveal", "needs sweep, which counts it", {"expected": "false, or sweep"}
            )
        return asked

    @property
    def order(self) -> str:
        """The order that was asked for, or the one that serves the question best."""
        return self.order_by if self.order_by.strip() else ("-id" if self.sweep is None else "number")


class CompletionQuery(_Query):
    """Where in which text."""

    text: str = Field(default="", max_length=MOST_CHARACTERS, examples=["params.activation = 're"])
    at: Annotated[int, Field(ge=0, le=MOST_CHARACTERS)] | None = Field(
        default=None, description="The offset of the cursor, in characters; by default the text's end."
    )
    what: Literal["filter", "order"] = "filter"


class LayersQuery(_Query):
    """Which epochs of a run."""

    after_epoch: Epoch = 0


class LossQuery(LayersQuery):
    """Which epochs of a run, and how many."""

    max_points: MaxPoints = None


class LossesQuery(LossQuery):
    """Which epochs of which runs."""

    run_ids: str = Field(max_length=MOST_RUNS_AT_ONCE * 39, description="Up to 200, separated by commas.")
    cursor: Cursor = None


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
    configurations: Hashes | None = None
    max_points: int | None = Field(
        default=None,
        ge=2,
        le=10_000,
        description="Most epochs per curve. Of each stretch come the last mean, the lowest and the highest.",
    )
    limit: int = Field(default=50, ge=1, le=200)
    cursor: Cursor = None


class PointsQuery(_Query):
    """How many runs, from which on."""

    limit: int = Field(default=2000, ge=1, le=10_000)
    cursor: Cursor = None


class SummaryQuery(_Query):
    """Which parameters make a setting."""

    group_by: Names | None = None


class _ExportQuery(_Query):
    format: Literal["csv", "parquet", "jsonl"] = "csv"


class SweepExportQuery(_ExportQuery):
    """What of a sweep is exported, written how."""

    what: Literal["runs", "losses"] = "runs"


class RunsExportQuery(_ExportQuery):
    """Which runs are exported, written how."""

    filter: Filter = ""


class EventsQuery(_Query):
    """From where on a story is told."""

    after: Annotated[int, Field(ge=0, le=MOST_INTEGER)] | None = Field(
        default=None,
        description="The number of an event: those behind it come, all of them by default. "
        "A `Last-Event-ID` header counts in its place.",
    )


class PlaceQuery(_Query):
    """From where on the events of all sweeps are told."""

    after: Annotated[int, Field(ge=0, le=MOST_INTEGER)] | None = Field(
        default=None,
        description="An id of this stream: what is behind it comes, by default what happens from now on; 0 "
        "is the beginning. A `Last-Event-ID` header counts in its place.",
    )


class ComparisonQuery(_Query):
    """Which two settings."""

    a: str = Field(pattern=_HASH, description="A setting's `configuration_hash`, from the summary.")
    b: str = Field(pattern=_HASH, description="The other's.")


class WeightsQuery(_Query):
    """Which weights, written how."""

    which: Literal["final", "best"] = Field(
        default="final", description="Those it ended with, or those of its lowest validation loss."
    )
    format: Literal["safetensors", "npz", "onnx", "json"] = "safetensors"


class EvaluationQuery(_Query):
    """Which weights answer the test rows, and how much of that is told."""

    which: Literal["final", "best"] = Field(
        default="final", description="Those it ended with, or those of its lowest validation loss."
    )
    points: int = Field(
        default=1_000,
        ge=1,
        le=10_000,
        description="In a regression, how many rows are told with their values, at equal distances.",
    )


def names(text: str | None) -> tuple[str, ...] | None:
    """The names in a comma-separated list; None if none was given."""
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())


async def _body(request: Request) -> bytes:
    return await request.body()


# The bytes as they came: what they say is judged by our own strict reader.
Body = Annotated[bytes, Depends(_body)]
