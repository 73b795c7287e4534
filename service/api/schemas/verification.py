"""A verification: whether a run came out again, and what is different where it did not."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field

from service.api.schemas.shape import Instant, Number, Shape
from service.planning.verification import VerificationState, environment_differences
from service.store.clock import rfc3339
from service.store.verification_queries import VerificationView


class Distance(Shape):
    """How far the two trainings' final weights are apart."""

    numbers: int
    differing: int
    largest_ulp: int | None = Field(
        description="Units in the last place: how many floats lie between two. Null where one is not finite."
    )
    largest_relative: float | None = Field(description="|a - b| / max(|a|, |b|).")


class FirstDifference(Shape):
    """The first recorded value that came out otherwise."""

    epoch: int
    column: str
    stored: Number | None
    again: Number | None


class ComparedLosses(Shape):
    """Recorded epochs, and how many of them came again."""

    stored: int
    compared: int
    first_difference: FirstDifference | None


class Comparison(Shape):
    """The run as it is stored, and as it came out; pairs are [stored, again]."""

    state: list[str]
    epoch: list[int]
    weights_sha256: list[str | None]
    best_weights_sha256: list[str | None] | None = Field(description="Null where no best weights are kept.")
    weights: Distance | None = Field(description="Null where the final weights are not kept.")
    losses: ComparedLosses


class VerificationLinks(Shape):
    """Where to go from a verification."""

    self: str
    run: str


class Verification(Shape):
    """A run trained again alone, and the comparison to the last bit."""

    id: str = Field(examples=["v_0193a5c0-7e1b-7c3a-9d53-2f1f6a3f9b10"])
    run: str
    state: VerificationState = Field(
        description="queued and running are followed by matches (all bits came out again), differs, "
        "or failed (it could not be trained to its end)."
    )
    sentence: str = Field(description="The same in words.")
    matches: bool | None = Field(description="Null until it has ended, and where it failed.")
    reason: str | None = Field(description="What differs, or why it failed.")
    same_environment_class: bool | None = Field(
        description="False: it was trained in another class than the run, because no worker of the run's "
        "class was alive. Other bits are no fault then."
    )
    environment_differences: dict[str, list[Any]] = Field(
        description="In what the two classes differ: [the run's, the verification's] by name."
    )
    environment_class: str | None
    weights_sha256: str | None = Field(description="As they came out.")
    comparison: Comparison | None
    worker: str | None
    leases_lost: int = Field(description="How often its worker was lost before its end; three times fail it.")
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None
    links: VerificationLinks

    @classmethod
    def of(cls, view: VerificationView) -> Self:
        """The shape of a stored verification."""
        row, run = view.verification, view.run
        known = row.environment_class is not None and run.environment_class is not None
        differences = environment_differences(view.first_environment or {}, view.second_environment or {})
        created_at = rfc3339(row.created_at)
        assert created_at is not None  # noqa: S101 - the column cannot be null
        return cls(
            id=row.public_id,
            run=run.public_id,
            state=VerificationState(row.state),
            sentence=_sentence(view),
            matches=row.matches,
            reason=row.reason,
            same_environment_class=row.environment_class == run.environment_class if known else None,
            environment_differences=differences if known else {},
            environment_class=row.environment_class,
            weights_sha256=row.weights_sha256,
            comparison=None if row.comparison is None else Comparison(**row.comparison),
            worker=row.lease_owner,
            leases_lost=row.leases_lost,
            created_at=created_at,
            started_at=rfc3339(row.started_at),
            finished_at=rfc3339(row.finished_at),
            links=VerificationLinks(
                self=f"/api/v1/verifications/{row.public_id}", run=f"/api/v1/runs/{run.public_id}"
            ),
        )


def _sentence(view: VerificationView) -> str:
    row, run = view.verification, view.run
    if row.state == VerificationState.QUEUED:
        return "It waits for a worker."
    if row.state == VerificationState.RUNNING:
        return f"{row.lease_owner} trains the run again."
    if row.state == VerificationState.FAILED:
        return f"It failed: {row.reason}."
    comparison = row.comparison or {}
    elsewhere = row.environment_class != run.environment_class
    if row.state == VerificationState.MATCHES:
        rows = comparison.get("losses", {}).get("compared", 0)
        where = "in another environment class" if elsewhere else "alone"
        return (
            f"Trained again {where} by {row.lease_owner}: weights and {rows} recorded epochs have equal bits."
        )
    weights = comparison.get("weights") or {}
    ulp, relative = weights.get("largest_ulp"), weights.get("largest_relative")
    far = "" if ulp is None else f" Weights are at most {ulp:,} ULP apart, {relative:.3g} relative."
    if elsewhere:
        classes = f"{_name(run.environment_class)} and {_name(row.environment_class)}"
        told = ", ".join(
            f"{name} {one} and {other}"
            for name, (one, other) in environment_differences(
                view.first_environment or {}, view.second_environment or {}
            ).items()
        )
        return f"Trained again in another environment class, where bits may differ: {classes} ({told}).{far}"
    return f"Trained again in the same environment class, and it came out otherwise: {row.reason}.{far}"


def _name(digest: str | None) -> str:
    return "unknown" if digest is None else digest[:12]
