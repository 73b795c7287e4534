"""When to stop is decided from numbers alone: from a run's state and an epoch, its next state and a verdict.

GL and P_k are those of Prechelt, "Early stopping - but when?" (1998). All rules decide only at the ends of
strips of k epochs, those whose number is a multiple of k. That is `validate_every`; but a single epoch has no
progress (P_1 is always 0), so where every epoch is validated P_k looks at strips of 5, as Prechelt does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from core.configuration import Configuration
from core.fields import RANGE_TEST
from core.range_test import Screening

PROGRESS_STRIP = 5  # epochs
VALIDATING_FIELDS = ("patience", "stop_generalization_loss", "restore_best")  # P_k looks at training alone


class Observed(NamedTuple):
    """What one epoch of one run showed; validation is NaN where that epoch was not validated."""

    epoch: int
    train_loss: float
    train_score: float
    validation_loss: float
    validation_score: float
    validated: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The stopping rules of one configuration; None is a rule that it does not use."""

    every: int = 1  # epochs from one validation to the next
    patience: int | None = None  # validations in a row without an improvement
    min_delta: float = 0.0  # by how much a loss must be lower to be an improvement
    generalization_loss: float | None = None  # percent
    progress: float | None = None  # per mille

    @classmethod
    def of(cls, configuration: Configuration) -> Rules:
        """Return the rules that a configuration names."""
        return cls(
            every=configuration.validate_every,
            patience=configuration.patience,
            min_delta=configuration.min_delta or 0.0,
            generalization_loss=configuration.stop_generalization_loss,
            progress=configuration.stop_progress,
        )

    @property
    def strip(self) -> int:
        """The k of P_k."""
        return self.every if self.every > 1 else PROGRESS_STRIP

    @property
    def stop_nothing(self) -> bool:
        """Tell whether no rule is in use."""
        return self.patience is None and self.generalization_loss is None and self.progress is None


class Watch(NamedTuple):
    """All that early stopping remembers of a run; a part of its checkpoint."""

    best: Observed | None = None  # the epoch of the lowest validation loss, the first of equals
    reference: float = math.inf  # the validation loss that patience waits to see improved
    waited: int = 0  # validations since `reference` was seen
    strip_sum: float = 0.0  # of the training losses of the strip under way
    strip_lowest: float = math.inf  # of them
    screening: Screening | None = None  # in a range test, which no other rule stops

    def to_json(self) -> dict[str, Any]:
        """Return this state with floats as text, which can say NaN and reads back to the same bits."""
        document = {**_as_text(self), "best": _as_text(self.best) if self.best else None}
        return {**document, "screening": self.screening.to_json() if self.screening else None}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Watch:
        """Return the state that `to_json` wrote; what it does not say is as at the start."""
        best, screening = state.get("best"), state.get("screening")
        found = {**_as_numbers(state), "best": Observed(**_as_numbers(best)) if best else None}
        return cls(**{**found, "screening": Screening.from_json(screening) if screening else None})


@dataclass(frozen=True, slots=True)
class Stop:
    """The verdict that a run is to end: the rule, what it saw, and what it allows."""

    rule: str
    value: float
    threshold: float
    epoch: int
    details: str

    @property
    def reason(self) -> str:
        """The verdict in words."""
        return f"stopped by {self.rule} after epoch {self.epoch}: {self.details}"


def needs_validation(configuration: Configuration) -> tuple[str, ...]:
    """Return the fields of a configuration that mean nothing without validation rows."""
    values = {name: getattr(configuration, name) for name in VALIDATING_FIELDS}
    return tuple(name for name, value in values.items() if value is not None and value is not False)


def validates(configuration: Configuration, epoch: int) -> bool:
    """Tell whether an epoch is validated: each end of a strip is, and the last one; none of a range test."""
    if configuration.learning_rate_schedule == RANGE_TEST:
        return False
    return epoch % configuration.validate_every == 0 or epoch == configuration.epochs


def observe(rules: Rules, watch: Watch, seen: Observed) -> tuple[Watch, Stop | None]:
    """Take in one more epoch, whose losses are finite; epochs come in their order.

    Of several rules that would stop, the first in the order patience, generalization loss, progress is named.
    """
    best, reference, waited = watch.best, watch.reference, watch.waited
    if seen.validated:
        if best is None or seen.validation_loss < best.validation_loss:
            best = seen
        if seen.validation_loss < reference - rules.min_delta:
            reference, waited = seen.validation_loss, 0
        else:
            waited += 1
    total, lowest = watch.strip_sum + seen.train_loss, min(watch.strip_lowest, seen.train_loss)
    stop = None
    if seen.epoch % rules.every == 0:
        stop = _out_of_patience(rules, seen, reference, waited) or _generalizes_worse(rules, seen, best)
    if seen.epoch % rules.strip == 0:
        stop = stop or _makes_no_progress(rules, seen, progress(total, lowest, rules.strip))
        total, lowest = 0.0, math.inf
    return watch._replace(
        best=best, reference=reference, waited=waited, strip_sum=total, strip_lowest=lowest
    ), stop


def generalization_loss(loss: float, lowest: float) -> float:
    """Return GL = 100 (E_va / E_opt - 1): by how many percent a loss is above the lowest so far."""
    if lowest == 0.0:
        return 0.0 if loss == 0.0 else math.inf
    return 100.0 * (loss / lowest - 1.0)


def progress(total: float, lowest: float, epochs: int) -> float:
    """Return P_k = 1000 (sum E_tr / (k min E_tr) - 1) of a strip: how much its mean is above its minimum."""
    if lowest == 0.0:
        return 0.0 if total == 0.0 else math.inf
    return 1000.0 * (total / (epochs * lowest) - 1.0)


def _out_of_patience(rules: Rules, seen: Observed, reference: float, waited: int) -> Stop | None:
    if rules.patience is None or not seen.validated or waited < max(1, rules.patience):
        return None
    details = (
        f"validation losses were not below {reference:.6g} by more than {rules.min_delta:g} "
        f"for {waited} validations (patience {rules.patience})"
    )
    return Stop("patience", waited, rules.patience, seen.epoch, details)


def _generalizes_worse(rules: Rules, seen: Observed, best: Observed | None) -> Stop | None:
    if rules.generalization_loss is None or not seen.validated or best is None:
        return None
    value = generalization_loss(seen.validation_loss, best.validation_loss)
    if not value > rules.generalization_loss:
        return None
    details = (
        f"a generalization loss of {value:.6g} is above {rules.generalization_loss:g} (validation loss "
        f"{seen.validation_loss:.6g}, lowest {best.validation_loss:.6g} in epoch {best.epoch})"
    )
    return Stop("stop_generalization_loss", value, rules.generalization_loss, seen.epoch, details)


def _makes_no_progress(rules: Rules, seen: Observed, value: float) -> Stop | None:
    if rules.progress is None or not value < rules.progress:
        return None
    details = f"a progress of {value:.6g} over {rules.strip} epochs is below {rules.progress:g}"
    return Stop("stop_progress", value, rules.progress, seen.epoch, details)


def _as_text(state: Observed | Watch) -> dict[str, Any]:
    return {
        name: repr(value) if isinstance(value, float) else value for name, value in state._asdict().items()
    }


def _as_numbers(state: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float(value) if isinstance(value, str) else value for name, value in state.items()}
