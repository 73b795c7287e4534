"""What a planned sweep's runs may take in the database, with all that is kept of them.

It is shown before, and counted after.
"""

from __future__ import annotations

from service.lifecycle.plan import SweepPlan
from service.planning.layer_records import ITEM_BYTES, record_bytes
from service.planning.measurements import SCORES, stride

BYTES_PER_LOSS_ROW = 100  # measured on both databases, with the primary key
BYTES_PER_RUN = 2_000
WEIGHTS_KEPT = {"none": 0, "final": 1, "best": 1, "both": 2}


def planned_bytes(plan: SweepPlan) -> int:
    """Bytes, baselines included."""
    kept = WEIGHTS_KEPT[plan.submission.keep_weights]
    layered = plan.subject.task in SCORES  # a function has no layers
    taken = {
        configuration: BYTES_PER_RUN
        + recorded_epochs(configuration.epochs)
        * (
            BYTES_PER_LOSS_ROW
            + layered * record_bytes(len(configuration.hidden_layers) + 1, configuration.dtype)
        )
        + kept * plan.subject.parameter_count(configuration) * ITEM_BYTES[configuration.dtype]
        for configuration in dict.fromkeys(run.configuration for run in plan.runs)
    }
    return sum(taken[run.configuration] for run in plan.runs)


def recorded_epochs(epochs: int) -> int:
    """How many of a run's epochs keep a row of losses, by the rule of `measurements.is_recorded`."""
    step = stride(epochs)
    return epochs // step + (step > 1) + (epochs % step > 0)
