"""What a planned sweep's runs, losses and weights may take in the database: shown before, counted after."""

from __future__ import annotations

from service.lifecycle.plan import SweepPlan
from service.planning.measurements import stride

BYTES_PER_LOSS_ROW = 100  # measured on both databases, with the primary key
BYTES_PER_RUN = 2_000
WEIGHTS_KEPT = {"none": 0, "final": 1, "best": 1, "both": 2}
BYTES_PER_PARAMETER = {"float32": 4, "float64": 8}


def planned_bytes(plan: SweepPlan) -> int:
    """Bytes, baselines included."""
    kept = WEIGHTS_KEPT[plan.submission.keep_weights]
    taken = {
        configuration: BYTES_PER_RUN
        + BYTES_PER_LOSS_ROW * recorded_epochs(configuration.epochs)
        + kept * plan.subject.parameter_count(configuration) * BYTES_PER_PARAMETER[configuration.dtype]
        for configuration in dict.fromkeys(run.configuration for run in plan.runs)
    }
    return sum(taken[run.configuration] for run in plan.runs)


def recorded_epochs(epochs: int) -> int:
    """How many of a run's epochs keep a row of losses, by the rule of `measurements.is_recorded`."""
    step = stride(epochs)
    return epochs // step + (step > 1) + (epochs % step > 0)
