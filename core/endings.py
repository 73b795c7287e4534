"""A run is measured against the constant predictor: no better is collapsed, 100 times worse is diverged."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.arrays import BoolArray, Float64Array, FloatArray
from core.epoch import Measured
from core.evaluation import constant_predictor
from core.hashing import weights_sha256
from core.population import Population
from core.reports import Ending, EpochReport

DIVERGENCE_FACTOR = 100.0  # times the constant predictor's training loss


class Yardstick:
    """The constant predictor's losses for every member of a population.

    Shapes:
        training  (members,) its loss on each member's training rows
        watched   (members,) its loss on the validation rows, or on the training rows where there are none
    """

    def __init__(self, population: Population) -> None:
        """Fit a constant predictor to each member's training rows, once where rows are equal."""
        known: dict[tuple[bytes, bytes], tuple[float, float]] = {}
        losses = []
        for member in population.members:
            key = (member.train_rows.tobytes(), member.validation_rows.tobytes())
            if key not in known:
                train, loss = member.train_rows, member.configuration.loss
                watched = member.validation_rows if member.validation_rows.size else train
                known[key] = (
                    constant_predictor(population.examples, train, train, loss).loss,
                    constant_predictor(population.examples, train, watched, loss).loss,
                )
            losses.append(known[key])
        self.training, self.watched = np.array(losses).T

    def report(self, population: Population, measured: Measured, before: FloatArray) -> EpochReport:
        """Return the report of the epoch just finished; `before` are the weights (k, width) it began with."""
        members = population.active
        rates = [population.members[member].configuration.learning_rate for member in members]
        return EpochReport(
            epoch=population.epoch,
            members=members,
            train_loss=measured.train_loss,
            train_score=measured.train_score,
            validation_loss=measured.validation_loss,
            validation_score=measured.validation_score,
            learning_rate=np.array(rates),
            gradient_norm=measured.gradient_norm,
            update_ratio=measured.update_ratio,
            endings=self._endings(population, measured, before),
        )

    def _endings(self, population: Population, measured: Measured, before: FloatArray) -> tuple[Ending, ...]:
        members = population.active
        validated = bool(population.members[0].validation_rows.size)
        lost = _find_lost(measured, population.weights, self.training[members], validated=validated)
        final = population.epoch == population.members[0].configuration.epochs
        watched = measured.validation_loss if validated else measured.train_loss
        collapsed = watched >= self.watched[members]
        endings = []
        for row in map(int, np.flatnonzero(lost | final)):
            cause = None
            if lost[row]:
                cause = _explain(measured, population, row, self.training[members[row]])
            parameters = population.layout.unpack(before[row] if cause else population.weights[row])
            endings.append(
                Ending(
                    member=int(members[row]),
                    state="diverged" if cause else "completed",
                    reason=cause.reason if cause else f"trained for {population.epoch} epochs",
                    epoch=population.epoch,
                    step=cause.step if cause else None,
                    collapsed=cause is None and bool(collapsed[row]),
                    parameters=parameters,
                    weights_sha256=weights_sha256(parameters),
                )
            )
        return tuple(endings)


def _find_lost(
    measured: Measured, weights: FloatArray, constant: Float64Array, *, validated: bool
) -> BoolArray:
    """Tell which runs have diverged (k,): something is not finite, or the loss is 100 times a constant's.

    A training set of one class, or of one value, leaves no loss to be 100 times worse than.
    """
    lost = ~np.isfinite(measured.losses).all(axis=1) | ~np.isfinite(weights).all(axis=1)
    if validated:
        lost |= ~np.isfinite(measured.validation_loss)
    return lost | (constant > 0.0) & (measured.train_loss > DIVERGENCE_FACTOR * constant)


class _Cause(NamedTuple):
    reason: str
    step: int | None


def _explain(measured: Measured, population: Population, row: int, constant: float) -> _Cause:
    """Say why a lost run is lost; where several things are wrong, the first that happened."""
    epoch = population.epoch
    wrong = np.flatnonzero(~np.isfinite(measured.losses[row]))
    if wrong.size:
        step = int(wrong[0]) + 1
        value = measured.losses[row, wrong[0]]
        return _Cause(f"the training loss was {value} at step {step} of epoch {epoch}", step)
    if not np.isfinite(population.weights[row]).all():
        return _Cause(f"weights were not finite after the last step of epoch {epoch}", None)
    train, validation = measured.train_loss[row], measured.validation_loss[row]
    if train > DIVERGENCE_FACTOR * constant > 0.0:
        against = f"above {DIVERGENCE_FACTOR:g} times the constant predictor's {constant:.6g}"
        return _Cause(f"the training loss of epoch {epoch} was {train:.6g}, {against}", None)
    return _Cause(f"the validation loss was {validation} after epoch {epoch}", None)
