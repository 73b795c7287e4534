"""What a submission would create, before anything is stored."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from service.api.schemas.shape import Shape
from service.lifecycle.plan import SweepPlan
from service.lifecycle.planned_bytes import planned_bytes
from service.planning.statuses import Role


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
        search = [run for run in plan.runs if run.role == Role.SEARCH]
        parameters = {
            configuration: plan.subject.parameter_count(configuration)
            for configuration in dict.fromkeys(run.configuration for run in plan.runs)
        }
        return cls(
            runs=len(search),
            baseline_runs=len(plan.runs) - len(search),
            populations=len(plan.populations),
            parameters_per_network=Range(min=min(parameters.values()), max=max(parameters.values())),
            estimated_bytes=planned_bytes(plan),
            estimated_seconds=None,
            warnings=list(plan.warnings),
        )
