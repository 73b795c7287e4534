"""A function may stand in place of a dataset: what may be said of it, and what then has no meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import ConfigurationError
from core.functions import DEFAULT_TOLERANCE, Function
from service.errors import Fault
from service.planning.objective import ALIASES, FUNCTION_METRICS
from service.planning.strict_json import member

MAX_EXPRESSION = 2_000  # characters
OF_DATASETS = ("target", "features", "task", "split", "scale")
KEPT = ("final", "none")


class FunctionSettings(BaseModel):
    """The function that a sweep minimises, one step for each epoch."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    expression: str = Field(
        max_length=MAX_EXPRESSION,
        description="Such as `x**3 + 3*x**2` or `(1 - x)**2 + 100*(y - x**2)**2`.",
    )
    start: dict[str, float] = Field(
        description="The point that every run starts from: a number for each variable of the expression."
    )
    tolerance: float = Field(
        default=DEFAULT_TOLERANCE,
        gt=0,
        description="A run has converged if the size of the derivative ends below this, at no maximum and no "
        "saddle; another run cannot be best.",
    )

    def function(self) -> Function:
        """The function in the core's form; raises ConfigurationError with every fault."""
        return Function.of(self.expression, self.start, tolerance=self.tolerance)


def completed(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the defaults that a function has instead of a dataset's.

    Nothing of a descent is random, so one run says all there is of a setting.
    """
    metric = sent.get("metric", {})
    return {
        "seeds": 1,
        **sent,
        "metric": {"name": FUNCTION_METRICS[0], **metric} if isinstance(metric, dict) else metric,
    }


def faults_beside(sent: Mapping[str, Any]) -> list[Fault]:
    """Everything in a submission that does not go with its function."""
    found = []
    if sent.get("dataset") is not None:
        message = "a sweep is over a dataset or a function, not over both"
        found.append(Fault("dataset", message, sent["dataset"], "either dataset or function"))
    for name in OF_DATASETS:
        if sent.get(name) is not None:
            message = f"{name} belongs to a dataset, and this sweep minimises a function"
            found.append(Fault(name, message, sent[name], "nothing here"))
    metric = sent.get("metric")
    asked = metric.get("name") if isinstance(metric, dict) else None
    if isinstance(asked, str) and ALIASES.get(asked, asked) not in FUNCTION_METRICS:
        message = f"a function has no {asked[:100]}: it is compared by its value"
        found.append(Fault("metric.name", message, asked, ", ".join(FUNCTION_METRICS)))
    if sent.get("keep_weights") in ("best", "both"):
        message = "a function has no validation, by which an epoch could be the best"
        found.append(Fault("keep_weights", message, sent["keep_weights"], ", ".join(KEPT)))
    return found + _seed_faults(sent.get("seeds"))


def without(sent: Mapping[str, Any], faults: list[Fault]) -> dict[str, Any]:
    """The document without what these faults already name, so that nothing is told twice."""
    told = {fault.path.partition(".")[0] for fault in faults}
    return {name: value for name, value in sent.items() if name not in told or name == "function"}


def faults_inside(sent: object) -> list[Fault]:
    """What the core finds wrong: an expression that cannot be read, variables without a start.

    Of what is no FunctionSettings at all nothing is told: its model does that.
    """
    try:
        FunctionSettings.model_validate(sent).function()
    except ValidationError:
        return []
    except ConfigurationError as error:
        return [
            Fault(_path(fault.field), fault.message, fault.value, fault.allowed) for fault in error.faults
        ]
    return []


def _path(field: str) -> str:
    part, _, variable = field.partition(".")
    path = f"function.{part}"
    return member(path, variable) if variable else path


def _seed_faults(seeds: object) -> list[Fault]:
    count = len(seeds) if isinstance(seeds, list) else seeds
    if isinstance(count, bool) or not isinstance(count, int) or count <= 1:
        return []  # one, or no count at all, which is told elsewhere
    message = f"{count:,} seeds are {count:,} times the same run: nothing of a function is random"
    return [Fault("seeds", message, seeds, "1, or a list with one seed")]
