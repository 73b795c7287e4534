"""A sweep as it is shown: what was asked for, how far it is, and what came of it."""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Self

from pydantic import Field

from service.api.schemas.shape import Instant, NextCursor, Number, Shape, seconds_between
from service.planning.statuses import Intent, RunState, SweepState
from service.planning.sweep_edit import Labels
from service.store.clock import rfc3339
from service.store.sweep_queries import SweepView


class SweepDataset(Shape):
    """The dataset of a sweep, by name and content."""

    id: str
    name: str
    content_hash: str


class SweepFunction(Shape):
    """The function that a sweep minimises."""

    expression: str = Field(examples=["x**3 + 3*x**2"])
    start: dict[str, float]
    tolerance: float = Field(description="A run has converged if the derivative's size ends below this.")


class Metric(Shape):
    """What a sweep is ranked by."""

    name: str
    goal: str


class SplitCounts(Shape):
    """How many rows train, validate and test."""

    train: int
    validation: int
    test: int
    resample: bool = Field(description="Whether each seed draws its own validation rows.")


class Progress(Shape):
    """Epochs of all runs; those that a run ended before count as done, unless it was canceled."""

    epochs_done: int
    epochs_total: int
    fraction: float


class SmallCurve(Shape):
    """A mean curve in few points, to be drawn small."""

    metric: str = Field(description="validation_loss; train_loss where nothing is validated.")
    epochs: list[int] = Field(description="At most 32, the first and the last that have a value among them.")
    mean: list[float] = Field(description="Over the setting's runs, to 5 significant digits.")


class BestResult(Shape):
    """The best setting by the sweep's metric: mean and 95 % interval over its seeds, and how it learned."""

    setting: dict[str, Any] = Field(examples=[{"learning_rate": 0.1}])
    mean: Number | None
    low: Number | None = Field(description="Null with fewer than three seeds, as high is.")
    high: Number | None
    n: int = Field(description="The number of seeds.")
    curve: SmallCurve | None = Field(description="Null where fewer than two epochs were recorded.")


class BestSoFar(Shape):
    """The run with the best value of the sweep's metric so far, at its best epoch: one run, no mean."""

    run: str
    number: int
    setting: dict[str, Any] = Field(examples=[{"learning_rate": 0.1}])
    value: float


class SweepLinks(Shape):
    """Where to go from a sweep."""

    self: str
    page: str
    runs: str
    summary: str


class Sweep(Shape):
    """One submitted job."""

    id: str = Field(examples=["s_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10"])
    name: str
    notes: str
    tags: dict[str, Any]
    revision: str = Field(description="Of name, tags and notes: what a PATCH may send as If-Match.")
    state: SweepState
    last_event: int = Field(description="The number of the newest event of its story.")
    intent: Intent = Field(description="What the owner wants; workers see it within about a second.")
    dataset: SweepDataset | None = Field(description="Null where a function is minimised.")
    function: SweepFunction | None = Field(description="Null where networks learn from a dataset.")
    task: str = Field(description="classification, regression or function.")
    method: str
    metric: Metric
    varied: list[str] = Field(description="The parameters that vary, in the order of the submission.")
    seeds: list[int]
    split: SplitCounts | None = Field(description="Null for a function, which has no rows.")
    keep_weights: str
    runs: int = Field(description="Runs of the search, without baselines.")
    counts: dict[RunState, int] = Field(description="All runs by state, baselines included.")
    progress: Progress
    headline: str | None = Field(description="The answer in one sentence, once the sweep is final.")
    best_result: BestResult | None = Field(
        description="The answer in numbers, kept with the headline; null where no setting is named best."
    )
    best_so_far: BestSoFar | None = Field(
        description="While the sweep is not final; null before the first epoch, and for range tests."
    )
    warnings: list[str]
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None
    elapsed_seconds: float | None
    links: SweepLinks

    @classmethod
    def of(cls, view: SweepView) -> Self:
        """The shape of a stored sweep."""
        return cls(**_fields(view))


class SweepInFull(Sweep):
    """One sweep with the text that was submitted and what was computed from its table."""

    submitted: str = Field(description="The text as it came.")
    media_type: str = Field(description="What the text is: application/json or application/yaml.")
    extensions: list[dict[str, Any]] = Field(
        description="What was added since, in order; counts of seeds are spelled out."
    )
    numerics_version: int = Field(description="Raised by every change of the core that can change bits.")
    constant: dict[str, Number | None] = Field(description="The metrics of the constant predictor.")

    @classmethod
    def of(cls, view: SweepView) -> Self:
        """The shape of a stored sweep."""
        sweep = view.sweep
        return cls(
            **_fields(view),
            submitted=sweep.submitted,
            media_type=sweep.media_type,
            extensions=sweep.extensions,
            numerics_version=sweep.numerics_version,
            constant=sweep.constant,
        )


class Sweeps(Shape):
    """A page of sweeps, the newest first."""

    items: list[Sweep]
    next_cursor: NextCursor


# Counts by state are columns.
_COUNTS = tuple((state.value, attrgetter(f"{state.value}_count")) for state in RunState)


def _fields(view: SweepView) -> dict[str, Any]:
    # What is within stays plain: the sweep's own validation makes shapes of it, all at once.
    sweep, dataset, leader = view.sweep, view.dataset, view.leader
    address = f"/api/v1/sweeps/{sweep.public_id}"
    ended_at = view.read_at if sweep.finished_at is None else sweep.finished_at
    done, total = sweep.epochs_done, sweep.epochs_total
    return {
        "id": sweep.public_id,
        "name": sweep.name,
        "notes": sweep.notes,
        "tags": sweep.tags,
        "revision": Labels(sweep.name, sweep.tags, sweep.notes).revision,
        "last_event": sweep.event_count,
        "state": sweep.state,
        "intent": sweep.intent,
        "dataset": dataset
        and {"id": dataset.public_id, "name": dataset.name, "content_hash": dataset.content_hash},
        "function": sweep.function or None,
        "task": sweep.task,
        "method": sweep.method,
        "metric": {"name": sweep.metric, "goal": sweep.goal},
        "varied": sweep.varied,
        "seeds": sweep.seeds,
        "split": None if sweep.function else sweep.split_counts,
        "keep_weights": sweep.keep_weights,
        "runs": sweep.run_count,
        "counts": {state: count(sweep) for state, count in _COUNTS},
        "progress": {"epochs_done": done, "epochs_total": total, "fraction": done / total if total else 0.0},
        "headline": sweep.headline,
        "best_result": sweep.best_result or None,
        "best_so_far": leader
        and {
            "run": leader.public_id,
            "number": leader.number,
            "setting": dict(leader.setting),
            "value": leader.value,
        },
        "warnings": sweep.warnings,
        "created_at": rfc3339(sweep.created_at),
        "started_at": rfc3339(sweep.started_at),
        "finished_at": rfc3339(sweep.finished_at),
        "elapsed_seconds": seconds_between(sweep.started_at, ended_at),
        "links": {
            "self": address,
            "page": f"/sweeps/{sweep.public_id}",
            "runs": f"/api/v1/runs?sweep={sweep.public_id}",
            "summary": f"{address}/summary",
        },
    }
