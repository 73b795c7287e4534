"""What an epoch tells its caller, and what the caller may answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from core.arrays import Float64Array, FloatArray, IntArray
from core.early_stopping import Observed
from core.layer_statistics import LayerStatistics
from core.range_test import Screened


@dataclass(frozen=True, eq=False)
class BestWeights:
    """The weights of the epoch with the lowest validation loss, the first of equals, and what it showed."""

    seen: Observed
    parameters: dict[str, FloatArray]
    weights_sha256: str


@dataclass(frozen=True, eq=False)
class Ending:
    """How one member's training ended, with its final weights.

    A completed run's parameters are those after its last step, or with `restore_best` those of its best
    epoch, whose numbers are then the run's. A diverged run's are those that its last epoch began with: the
    last that are known to be good.
    """

    member: int
    state: Literal["completed", "diverged"]
    reason: str
    epoch: int  # the epoch it ended in, counted from 1
    step: int | None  # the step of that epoch, counted from 1, at which a loss was first not finite
    collapsed: bool  # completed, but no better than the constant predictor
    parameters: dict[str, FloatArray]
    weights_sha256: str
    # Diverged: the first tensor, layer by layer, that was not finite when the epoch ended; None if all were.
    tensor: str | None = field(default=None, kw_only=True)
    # What the best epoch showed, where its weights were restored.
    restored: Observed | None = field(default=None, kw_only=True)
    # None where they were not asked for, or nothing was validated.
    best: BestWeights | None = field(default=None, kw_only=True)
    # What a range test says of learning rates; None of other runs.
    screened: Screened | None = field(default=None, kw_only=True)
    # The checkpoint of its last epoch as it would be with more epochs to come, encoded while `on_epoch` is
    # called. None if the run would have ended here whatever their number.
    going_on: Callable[[], bytes] | None = field(default=None, kw_only=True)

    @property
    def weights_epoch(self) -> int:
        """The epoch that ended with these parameters, 0 for first weights."""
        if self.restored is not None:
            return self.restored.epoch
        return self.epoch if self.state == "completed" else self.epoch - 1


@dataclass(frozen=True, eq=False)
class EpochReport:
    """One finished epoch of every member that trained in it, those that ended in it included.

    Shapes:
        members             (k,) indices into the population's members, ascending
        layers              (k, layers) each
        all other arrays    (k,) float64; validation is NaN where it was not computed

    `train_loss` and `train_score` are means over the epoch's examples as they were trained on, each before
    the step that it led to; with `stop_progress` they are evaluated after the epoch, as P_k asks. Under
    `class_weight` the training loss is the weighted one, the validation loss never. `gradient_norm` and
    `update_ratio` (length of the change over length of the parameters after it) are those of the epoch's
    last step.
    """

    epoch: int
    members: IntArray
    train_loss: Float64Array
    train_score: Float64Array
    validation_loss: Float64Array
    validation_score: Float64Array
    learning_rate: Float64Array
    gradient_norm: Float64Array
    update_ratio: Float64Array
    endings: tuple[Ending, ...]
    validated: bool = False  # whether validation was computed: there are rows for it, and this epoch is due
    layers: LayerStatistics | None = None  # None where there are none, as in descent on a function


@dataclass(frozen=True)
class Directive:
    """The caller's answer to a report: stop altogether, or drop single members without an ending."""

    stop: bool = False
    drop: tuple[int, ...] = ()
