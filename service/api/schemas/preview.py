"""What a submission would create, before anything is stored."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from service.api.schemas.shape import Shape
from service.lifecycle.estimate import Outlook
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
    reused_runs: int = Field(
        description="Runs, baselines included, that you have had trained before: they are answered at once."
    )
    populations: int = Field(description="Of the runs that are to be trained.")
    parameters_per_network: Range = Field(description="Weights and biases; of a function its variables.")
    estimated_bytes: int = Field(description="What losses and weights will take in the database.")
    estimated_seconds: float | None = Field(
        description="What the live workers would take if they had nothing else to do, by what each has "
        "measured of its machine; null while none of them has."
    )
    warnings: list[str]

    @classmethod
    def of(cls, plan: SweepPlan, outlook: Outlook) -> Self:
        """The size of a planned sweep."""
        search = [run for run in plan.runs if run.role == Role.SEARCH]
        parameters = {
            configuration: plan.subject.parameter_count(configuration)
            for configuration in dict.fromkeys(run.configuration for run in plan.runs)
        }
        return cls(
            runs=len(search),
            baseline_runs=len(plan.runs) - len(search),
            reused_runs=outlook.reused,
            populations=outlook.populations,
            parameters_per_network=Range(min=min(parameters.values()), max=max(parameters.values())),
            estimated_bytes=planned_bytes(plan),
            estimated_seconds=outlook.seconds,
            warnings=list(plan.warnings),
        )
