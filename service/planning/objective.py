"""The metric that settings are compared by, and the names under which people know it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from service.errors import Fault
from service.planning.plain_text import did_you_mean

Goal = Literal["minimize", "maximize"]

# The test set is not here: who selects by it has no test set left (Cawley and Talbot 2010).
METRICS: dict[str, Goal] = {
    "validation_loss": "minimize",
    "validation_accuracy": "maximize",
    "validation_r2": "maximize",
    "train_loss": "minimize",
    "train_accuracy": "maximize",
    "train_r2": "maximize",
}
# What a function has: one value before each step, and no rows that could be held out or classified.
FUNCTION_METRICS = ("train_loss",)
ALIASES = {"val_loss": "validation_loss", "val_accuracy": "validation_accuracy", "val_r2": "validation_r2"}
_TASK_OF = {"accuracy": "classification", "r2": "regression"}


class Metric(BaseModel):
    """What is compared, as measured at the end of a run's last epoch."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: str = Field(
        default="validation_loss",
        description=f"{', '.join(METRICS)}; accuracy is for classes, r2 for numbers. "
        f"Also accepted: {', '.join(ALIASES)}.",
    )
    goal: Goal | None = Field(
        default=None, description="minimize a loss, maximize the others; may be left out."
    )

    @field_validator("name")
    @classmethod
    def _known(cls, name: str) -> str:
        name = ALIASES.get(name, name)
        if name in METRICS:
            return name
        hint = _hint(name)
        message = f"{name[:100]!r} is no metric that settings can be compared by{hint}"
        raise PydanticCustomError(
            "not_allowed", "{message}", {"message": message, "allowed": ", ".join(METRICS)}
        )

    @model_validator(mode="after")
    def _goal_fits(self) -> Metric:
        if self.goal not in (None, METRICS[self.name]):
            message = f"{self.name} is to be {METRICS[self.name]}d, not {self.goal}d"
            raise PydanticCustomError(
                "not_allowed", "{message}", {"message": message, "allowed": METRICS[self.name]}
            )
        return self

    @property
    def direction(self) -> Goal:
        """Whether less or more is better."""
        return METRICS[self.name]


def _hint(name: str) -> str:
    """The metric that was meant: where nobody says on which rows, it is measured on those of validation."""
    held_out = f"validation_{name}"
    return f"; did you mean {held_out!r}?" if held_out in METRICS else did_you_mean(name, METRICS)


def faults_for_task(metric: Metric, task: str) -> list[Fault]:
    """A fault where the task has no such metric: accuracy needs classes, r2 numbers."""
    needed = _TASK_OF.get(metric.name.rpartition("_")[2], task)
    if needed == task:
        return []
    allowed = ", ".join(name for name in METRICS if _TASK_OF.get(name.rpartition("_")[2], task) == task)
    return [
        Fault("metric.name", f"{metric.name} belongs to a {needed}; this is a {task}", metric.name, allowed)
    ]
