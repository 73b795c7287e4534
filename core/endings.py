"""A run is measured against the constant predictor: no better is collapsed, 100 times worse is diverged."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from core.arrays import BoolArray, Float64Array, FloatArray
from core.class_weights import representatives
from core.early_stopping import Observed, Rules, Stop, observe
from core.epoch import Measured
from core.evaluation import constant_predictor
from core.fields import RANGE_TEST
from core.hashing import weights_sha256
from core.population import Population, Saved
from core.range_test import Course, Screening
from core.range_test import observe as observe_step
from core.reports import BestWeights, Ending, EpochReport

DIVERGENCE_FACTOR = 100.0  # times the constant predictor's training loss


class Yardstick:
    """The constant predictor's losses for every member of a population.

    Shapes:
        training  (members,) its loss on each member's training rows
        watched   (members,) its loss on the validation rows, or on the training rows where there are none
    """

    def __init__(self, population: Population) -> None:
        """Fit a constant predictor to each member's training rows, once where rows are equal."""
        known: dict[tuple[int, int], tuple[float, float]] = {}  # members with one seed share the same arrays
        losses = []
        for member in population.members:
            key = id(member.train_rows), id(member.validation_rows)
            if key not in known:
                train, loss = member.train_rows, member.configuration.loss
                if member.configuration.class_weight is not None:
                    # Its constant answers as it trains: as if all classes were as frequent.
                    train = representatives(population.examples, train)
                watched = member.validation_rows if member.validation_rows.size else train
                known[key] = (
                    constant_predictor(population.examples, train, train, loss).loss,
                    constant_predictor(population.examples, train, watched, loss).loss,
                )
            losses.append(known[key])
        self.training, self.watched = np.array(losses).T
        self._rules = [Rules.of(member.configuration) for member in population.members]
        # To watch costs a little for each run and epoch, and is left out where nobody asks.
        keeps = population.best is not None
        self._observed = np.array([keeps or not rules.stop_nothing for rules in self._rules])
        self._observes = bool(self._observed.any())

    def report(self, population: Population, measured: Measured, before: FloatArray) -> EpochReport:
        """Return the report of the epoch just finished; `before` are the weights (k, width) it began with."""
        return EpochReport(
            epoch=population.epoch,
            members=population.active,
            train_loss=measured.train_loss,
            train_score=measured.train_score,
            validation_loss=measured.validation_loss,
            validation_score=measured.validation_score,
            learning_rate=measured.learning_rate,
            gradient_norm=measured.gradient_norm,
            update_ratio=measured.update_ratio,
            validated=measured.validated,
            layers=measured.layers,
            endings=self._endings(population, measured, before),
        )

    def _endings(self, population: Population, measured: Measured, before: FloatArray) -> tuple[Ending, ...]:
        members = population.active
        if population.members[0].configuration.learning_rate_schedule == RANGE_TEST:
            return tuple(_screen(population, measured, before))
        lost = _find_lost(measured, population.weights, self.training[members])
        unaware = self._unaware(population, measured)
        stops = self._watch(population, measured, ~lost) if self._observes else {}
        ended = lost | (population.epoch == population.members[0].configuration.epochs)
        ended[list(stops)] = True
        endings = []
        for row in map(int, np.flatnonzero(ended)):
            if lost[row]:
                cause = _explain(measured, population, row, self.training[members[row]])
                endings.append(_diverged(population, row, cause, before[row]))
            else:
                constant = self.watched[members[row]]
                ending = _completed(population, measured, row, stops.get(row), constant)
                going_on = None if unaware is None or row in stops else unaware(row).encode
                endings.append(replace(ending, going_on=going_on))
        return tuple(endings)

    def _unaware(self, population: Population, measured: Measured) -> Callable[[int], Saved] | None:
        """What a row would go on from that did not know that this epoch is its last; None before the last.

        Where validation is due every few epochs, the last is validated because it is the last: with more
        epochs to come, early stopping would not have seen its validation.
        """
        configuration, epoch = population.members[0].configuration, population.epoch
        if epoch != configuration.epochs:
            return None
        if not measured.validated or epoch % configuration.validate_every == 0:
            return lambda row: population.saved(row, population.watches[row], population.best)
        watches, best = list(population.watches), population.best
        best = None if best is None else best.copy()
        shown = _shown(epoch, measured) if self._observes else []

        def saved(row: int) -> Saved:
            watch, member = watches[row], population.active[row]
            if self._observed[member]:
                unseen = shown[row]._replace(
                    validation_loss=math.nan, validation_score=math.nan, validated=False
                )
                watch, _ = observe(self._rules[member], watch, unseen)
            return population.saved(row, watch, best)

        return saved

    def _watch(self, population: Population, measured: Measured, sound: BoolArray) -> dict[int, Stop]:
        """Let early stopping see the epoch of every sound row (k,); the rows that are to stop, and why.

        The population's watches and best weights move on.
        """
        stops: dict[int, Stop] = {}
        improved = np.zeros_like(sound)
        shown = _shown(population.epoch, measured)
        for row in map(int, np.flatnonzero(sound & self._observed[population.active])):
            rules = self._rules[population.active[row]]
            population.watches[row], stop = observe(rules, population.watches[row], shown[row])
            improved[row] = population.watches[row].best is shown[row]
            if stop is not None:
                stops[row] = stop
        population.keep_best(improved)
        return stops


def _screen(population: Population, measured: Measured, before: FloatArray) -> Iterator[Ending]:
    """Let every run's range test see its step; the runs whose test is over, none of which has diverged."""
    for row, member in enumerate(population.active.tolist()):
        course = Course.of(population.members[member].configuration)
        seen = population.watches[row].screening or Screening()
        seen, over = observe_step(course, seen, float(measured.train_loss[row]))
        population.watches[row] = population.watches[row]._replace(screening=seen)
        if over is None and population.epoch < course.steps:
            continue
        after = population.weights[row]
        parameters = population.layout.unpack(after if np.isfinite(after).all() else before[row])
        yield Ending(
            member=member,
            state="completed",
            reason=over or f"all {course.steps} learning rates were tried",
            epoch=population.epoch,
            step=None,
            collapsed=False,
            parameters=parameters,
            weights_sha256=weights_sha256(parameters),
            screened=seen.screened(course),
        )


def _shown(epoch: int, measured: Measured) -> list[Observed]:
    """Return what the epoch showed of every row (k), in Python's numbers."""
    columns = (measured.train_loss, measured.train_score, measured.validation_loss, measured.validation_score)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [
        Observed(epoch, train, score, validation, validation_score, measured.validated)
        for train, score, validation, validation_score in rows
    ]


def _diverged(population: Population, row: int, cause: _Cause, before: FloatArray) -> Ending:
    parameters = population.layout.unpack(before)
    return Ending(
        member=int(population.active[row]),
        state="diverged",
        reason=cause.reason,
        epoch=population.epoch,
        step=cause.step,
        collapsed=False,
        parameters=parameters,
        weights_sha256=weights_sha256(parameters),
        tensor=cause.tensor,
        best=_best(population, row),
    )


def _completed(
    population: Population, measured: Measured, row: int, stop: Stop | None, constant: float
) -> Ending:
    member, epoch = int(population.active[row]), population.epoch
    best = _best(population, row)
    finished = epoch == population.members[member].configuration.epochs
    reason = stop.reason if stop and not finished else f"trained for {epoch} epochs"
    restored = None
    if best is not None and population.members[member].configuration.restore_best:
        restored = best.seen
        if restored.epoch != epoch:
            reason += f"; the weights are those of epoch {restored.epoch}, the best"
        parameters, digest = best.parameters, best.weights_sha256
    else:
        parameters = population.layout.unpack(population.weights[row])
        digest = weights_sha256(parameters)
    watched = measured.validation_loss if measured.validated else measured.train_loss
    loss = restored.validation_loss if restored else watched[row]
    return Ending(
        member=member,
        state="completed",
        reason=reason,
        epoch=epoch,
        step=None,
        collapsed=bool(loss >= constant),
        parameters=parameters,
        weights_sha256=digest,
        restored=restored,
        best=best,
    )


def _best(population: Population, row: int) -> BestWeights | None:
    seen = population.watches[row].best
    if population.best is None or seen is None:
        return None
    parameters = population.layout.unpack(population.best[row])
    return BestWeights(seen, parameters, weights_sha256(parameters))


def _find_lost(measured: Measured, weights: FloatArray, constant: Float64Array) -> BoolArray:
    """Tell which runs have diverged (k,): something is not finite, or the loss is 100 times a constant's.

    A training set of one class, or of one value, leaves no loss to be 100 times worse than.
    """
    lost = ~np.isfinite(measured.losses).all(axis=1) | ~np.isfinite(weights).all(axis=1)
    lost |= ~np.isfinite(measured.train_loss)  # not its steps' mean where it is evaluated after the epoch
    if measured.validated:
        lost |= ~np.isfinite(measured.validation_loss)
    return lost | (constant > 0.0) & (measured.train_loss > DIVERGENCE_FACTOR * constant)


class _Cause(NamedTuple):
    reason: str
    step: int | None = None
    tensor: str | None = None


def _explain(measured: Measured, population: Population, row: int, constant: float) -> _Cause:
    """Say why a lost run is lost; where several things are wrong, the first that happened."""
    epoch = population.epoch
    tensor = _first_not_finite(population, row)
    wrong = np.flatnonzero(~np.isfinite(measured.losses[row]))
    if wrong.size:
        step = int(wrong[0]) + 1
        value = measured.losses[row, wrong[0]]
        return _Cause(f"the training loss was {value} at step {step} of epoch {epoch}", step, tensor)
    if tensor is not None:
        return _Cause(f"{tensor} was not finite after the last step of epoch {epoch}", None, tensor)
    train, validation = measured.train_loss[row], measured.validation_loss[row]
    if np.isnan(train):
        return _Cause(f"the training loss was {train} after epoch {epoch}")
    if train > DIVERGENCE_FACTOR * constant > 0.0:
        against = f"above {DIVERGENCE_FACTOR:g} times the constant predictor's {constant:.6g}"
        return _Cause(f"the training loss of epoch {epoch} was {train:.6g}, {against}")
    return _Cause(f"the validation loss was {validation} after epoch {epoch}")


def _first_not_finite(population: Population, row: int) -> str | None:
    weights = population.weights[row]
    return next(
        (
            tensor.name
            for tensor in population.layout.tensors
            if not np.isfinite(weights[tensor.start : tensor.stop]).all()
        ),
        None,
    )
