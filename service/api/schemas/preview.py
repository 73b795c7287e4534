"""What a submission would create, before anything is stored."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from service.api.schemas.shape import Shape
from service.lifecycle.plan import SweepPlan
from service.planning.measurements import MOST_RECORDED_EPOCHS
from service.planning.statuses import Role

BYTES_PER_LOSS_ROW = 100  # measured on both databases, with the primary key
BYTES_PER_RUN = 2_000
WEIGHTS_KEPT = {"none": 0, "final": 1, "best": 1, "both": 2}
BYTES_PER_PARAMETER = {"float32": 4, "float64": 8}


class Range(Shape):
    """The smallest and the largest of something."""

    min: int
    max: int


class Preview(Shape):
    """The size of a sweep that was not submitted."""

    runs: int = Field(description="Runs of the search, without baselines.")
    baseline_runs: int
    populations: int
    parameters_per_network: Range = Field(description="Weights and biases; of a function its variables.")
    estimated_bytes: int = Field(description="What losses and weights will take in the database.")
    estimated_seconds: float | None = Field(description="Null until a worker has measured its machine.")
    warnings: list[str]

    @classmethod
    def of(cls, plan: SweepPlan) -> Self:
        """The size of a planned sweep."""
        kept = WEIGHTS_KEPT[plan.submission.keep_weights]
        search = [run for run in plan.runs if run.role == Role.SEARCH]
        parameters = {
            configuration: plan.subject.parameter_count(configuration)
            for configuration in dict.fromkeys(run.configuration for run in plan.runs)
        }
        taken = {
            configuration: BYTES_PER_RUN
            + BYTES_PER_LOSS_ROW * recorded_epochs(configuration.epochs)
            + kept * count * BYTES_PER_PARAMETER[configuration.dtype]
            for configuration, count in parameters.items()
        }
        return cls(
            runs=len(search),
            baseline_runs=len(plan.runs) - len(search),
            populations=len(plan.populations),
            parameters_per_network=Range(min=min(parameters.values()), max=max(parameters.values())),
            estimated_bytes=sum(taken[run.configuration] for run in plan.runs),
            estimated_seconds=None,
            warnings=list(plan.warnings),
        )


def recorded_epochs(epochs: int) -> int:
    """How many of a run's epochs keep a row of losses, by the rule of `measurements.is_recorded`."""
    stride = -(-epochs // MOST_RECORDED_EPOCHS)
    return epochs // stride + (stride > 1) + (epochs % stride > 0)
