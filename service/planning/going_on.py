"""What a run that reached its last epoch would go on from, and what of its past would be another's."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from core.configuration import BOUND_TO_EPOCHS, Configuration
from core.early_stopping import Rules
from core.optimizers import OPTIMIZERS
from service.planning.configurations import FUNCTION
from service.planning.measurements import COLUMNS, metric_kinds, public_name, stride


class GoesOn(StrEnum):
    """From what more epochs go on where others ended."""

    NOT = "not"  # with more epochs, its learning rates would have been others from the first step
    FROM_WEIGHTS = "weights"  # its final weights, which are stored anyway, are all of its state
    FROM_STATE = "state"  # optimizer, early stopping and best weights remember something, too


def goes_on(configuration: Configuration, task: str, keep_weights: str) -> GoesOn:
    """What is needed of a run of this configuration, in a sweep that keeps these weights."""
    if configuration.learning_rate_schedule in BOUND_TO_EPOCHS:
        return GoesOn.NOT
    weights_are_all = (
        task != FUNCTION
        and keep_weights == "final"
        and not OPTIMIZERS[configuration.optimizer].state_names
        and not configuration.restore_best
        and Rules.of(configuration).stop_nothing
        and not is_validated_as_the_last(configuration, configuration.epochs)
    )
    return GoesOn.FROM_WEIGHTS if weights_are_all else GoesOn.FROM_STATE


def is_validated_as_the_last(configuration: Configuration, epoch: int) -> bool:
    """Whether this epoch is validated only because it is the last one."""
    return epoch == configuration.epochs and epoch % configuration.validate_every != 0


def rows_can_be_thinned(before: int, after: int) -> bool:
    """Whether all epochs that are recorded of `after` epochs were recorded as some of `before`, too."""
    return stride(after) % stride(before) == 0


def before_the_end(metrics: Mapping[str, Any], task: str) -> dict[str, Any]:
    """A run's metrics without what only an end adds, such as those on the test rows."""
    measured = {public_name(column, task) for column in COLUMNS[:4]}
    kept: dict[str, Any] = {name: kinds for name, kinds in metric_kinds(metrics).items() if name in measured}
    if "best_epoch" in metrics:
        kept["best_epoch"] = metrics["best_epoch"]
    return kept
