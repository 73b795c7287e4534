"""What early stopping asks of a sweep: rows to validate on, and one rule for what a run's value is."""

from __future__ import annotations

from collections.abc import Collection

from core.configuration import Configuration
from core.early_stopping import needs_validation
from service.errors import Fault


def faults(configurations: Collection[Configuration], keep_weights: str, validation_rows: int) -> list[Fault]:
    """Every fault of a sweep's configurations and of what it keeps; `validation_rows` are those of a run."""
    found = []
    if not validation_rows:
        asking = dict.fromkeys(name for each in configurations for name in needs_validation(each))
        found = [_blind(f"parameters.{name}", name, None, "nothing here") for name in asking]
        if keep_weights in ("best", "both"):
            found.append(_blind("keep_weights", f"{keep_weights!r}", keep_weights, "final, none"))
    if len({bool(each.restore_best) for each in configurations}) > 1:
        # Rule R1: a run's value is its last epoch's or its best one's, and the two cannot be compared.
        message = "restore_best varies, and with it what a run's value is"
        found.append(Fault("parameters.restore_best", message, None, "one value for all runs of a sweep"))
    return found


def _blind(path: str, what: str, value: object, allowed: str) -> Fault:
    message = f"{what} needs validation rows, and this split has none"
    return Fault(path, message, value, f"{allowed}, or a split with validation rows")
