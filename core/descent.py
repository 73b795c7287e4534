"""Descent on a function is training with one step per epoch, and is reported in the same way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from core.arrays import BoolArray, Float64Array, IntArray
from core.expressions.tape import Tape
from core.expressions.tree import Expression
from core.function_population import FunctionPopulation, named, variables_sha256
from core.functions import DIVERGENCE_LIMIT, Judgement, differentiate, lengths
from core.optimizers import OPTIMIZERS
from core.regularization import Clipping
from core.reports import Directive, Ending, EpochReport
from core.schedules import Schedules


@dataclass(frozen=True, eq=False)
class FunctionEnding(Ending):
    """How a run over a function ended; `judgement` is None where it diverged.

    `turns` counts the steps that turned the derivative around, by more than a right angle: none in a slow
    descent, one after the other where the steps are so long that the run bounces from side to side.
    """

    judgement: Judgement | None
    turns: int

    @property
    def converged(self) -> bool:
        """Whether the run can be best."""
        return self.judgement is not None and self.judgement.standing == "converged"


def train_function(
    population: FunctionPopulation,
    *,
    on_epoch: Callable[[EpochReport], Directive | None],
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Run every active member to its end, calling back after each epoch, as `core.training.train` does.

    An epoch is one step. Its loss is the function's value before the step, its gradient norm the size of the
    derivative there; scores and validation are NaN. A run is judged once, after its last epoch and where that
    has left it: with momentum, a small derivative on the way is no arrival.
    """
    epochs = population.members[0].configuration.epochs
    stepper: _Stepper | None = None
    while population.epoch < epochs and population.active.size:
        if stepper is None or not stepper.fits(population):
            stepper = _Stepper(population)
        if should_stop():
            return
        report = stepper.step(population)
        population.drop(ending.member for ending in report.endings)
        directive = on_epoch(report) or Directive()
        population.drop(directive.drop)
        if directive.stop:
            return


def trajectory(
    expression: Expression,
    start: Mapping[str, float | Float64Array],
    learning_rates: Float64Array,
    steps: int,
) -> Float64Array:
    """Return the points of plain gradient descent, with the bits of runs with the optimizer sgd.

    What runs away is followed to Infinity and NaN.

    Shapes:
        start[name]     a number, or (runs,)
        learning_rates  (runs,)
        returned        (runs, steps + 1, variables), the variables in the expression's order
    """
    tape, rates = Tape(expression.tree), np.asarray(learning_rates, dtype=np.float64)[:, None]
    points = np.empty((rates.shape[0], steps + 1, len(expression.variables)))
    for index, name in enumerate(expression.variables):
        points[:, 0, index] = start[name]
    with np.errstate(all="ignore"):
        for step in range(steps):
            _, gradient = differentiate(tape, expression.variables, points[:, step])
            points[:, step + 1] = points[:, step] - gradient * rates
    return points


class _Stepper:
    """Schedules, clipping and optimizer of one population, good for as long as nobody leaves it."""

    def __init__(self, population: FunctionPopulation) -> None:
        self._members = population.active
        configurations = [population.members[member].configuration for member in population.active]
        self._optimizer = OPTIMIZERS[configurations[0].optimizer](configurations, np.dtype(np.float64))
        self._schedules = Schedules(configurations, steps_per_epoch=1)
        clipped = configurations[0].gradient_clip is not None
        self._clipping = Clipping(configurations) if clipped else None

    def fits(self, population: FunctionPopulation) -> bool:
        """Tell whether the population is still the one this was made for."""
        return self._members is population.active

    def step(self, population: FunctionPopulation) -> EpochReport:
        """Take one step and report it; the population changes only once all of it is computed."""
        before, after = population.weights, population.weights.copy()
        state = {name: array.copy() for name, array in population.state.items()}
        value, gradient = population.function.differentiate(before)
        sound = _within(value[:, None]) & np.isfinite(gradient).all(axis=1)
        slope = lengths(gradient)
        turns = population.turns + turned(population.last_gradient, gradient)
        last_gradient = gradient.copy()
        epoch = population.epoch + 1
        rates = self._schedules.rates(epoch)
        with np.errstate(all="ignore"):
            if not self._schedules.constant:
                self._optimizer.set_rates(rates, self._schedules.rates(max(1, epoch - 1)))
            if self._clipping is not None:
                self._clipping.shorten(gradient)
            if self._optimizer.rated:
                gradient *= rates[:, None]
            made = self._optimizer.update(after, gradient, state, epoch)
            change = lengths(made.astype(np.float64, copy=False))
            update_ratio = np.where(change == 0.0, 0.0, change / lengths(after))
        population.weights, population.state, population.epoch = after, state, epoch
        population.turns, population.last_gradient = turns, last_gradient
        nothing = np.full(self._members.size, np.nan)
        return EpochReport(
            epoch=population.epoch,
            members=self._members,
            train_loss=value,
            train_score=nothing,
            validation_loss=nothing,
            validation_score=nothing,
            learning_rate=rates,
            gradient_norm=slope,
            update_ratio=update_ratio,
            endings=_endings(population, before, value, sound),
        )


def _endings(
    population: FunctionPopulation, before: Float64Array, value: Float64Array, sound: BoolArray
) -> tuple[Ending, ...]:
    """Return the endings of the runs that are lost, and of all where this was the last epoch.

    Shapes:
        before  (k, variables) the points that the epoch began with
        value   (k,) the function there
        sound   (k,) whether value and derivative there were what they may be
    """
    after, epoch, turns = population.weights, population.epoch, population.turns
    lost = ~sound | ~_within(after)
    judgements: dict[int, Judgement] = {}
    final = epoch == population.members[0].configuration.epochs
    if final:
        last_value, last_gradient = population.function.differentiate(after)
        lost |= ~_within(last_value[:, None]) | ~np.isfinite(last_gradient).all(axis=1)
        turns = turns + turned(population.last_gradient, last_gradient)
        for row in map(int, np.flatnonzero(~lost)):
            judgements[row] = population.function.judge(
                float(last_value[row]), after[row], last_gradient[row]
            )
    endings = []
    for row in map(int, np.flatnonzero(lost | final)):
        judgement = judgements.get(row)
        if judgement is None:
            reason, step = _explain(float(value[row]), after[row], epoch, sound=bool(sound[row]))
        else:
            reason, step = f"{judgement.text}, after {epoch} epochs; {_told(int(turns[row]), epoch)}", None
        parameters = named(population.function, after[row] if judgement else before[row])
        endings.append(
            FunctionEnding(
                member=int(population.active[row]),
                state="completed" if judgement else "diverged",
                reason=reason,
                epoch=epoch,
                step=step,
                collapsed=False,  # a function has no constant predictor
                parameters=parameters,
                weights_sha256=variables_sha256(parameters),
                judgement=judgement,
                turns=int(turns[row]),
                going_on=population.saved(row) if judgement else None,
            )
        )
    return tuple(endings)


def turned(before: Float64Array, after: Float64Array) -> IntArray:
    """Tell for each row (runs,), by 1 or 0, whether its gradient points backwards beside the one before.

    Columns are added one after the other, so that a row's answer is its own; a gradient of 0 points nowhere.
    """
    product = np.zeros(before.shape[0])
    with np.errstate(all="ignore"):
        # Only directions count: two small or large gradients would leave float64's range as a product.
        one = before / np.abs(before).max(axis=1, keepdims=True)
        other = after / np.abs(after).max(axis=1, keepdims=True)
        for column, beside in zip(one.T, other.T, strict=True):
            product = product + column * beside
        return np.asarray(product < 0.0, dtype=np.int64)


def _told(turns: int, epochs: int) -> str:
    if not turns:
        return "the derivative never turned around"
    return f"the derivative turned around at {turns} of {epochs} steps"


def _explain(value: float, after: Float64Array, epoch: int, *, sound: bool) -> tuple[str, int | None]:
    """Say why a run is lost, the first that happened, and at which step of its epoch its value was wrong."""
    beyond = f"beyond {DIVERGENCE_LIMIT:g}"
    if not abs(value) <= DIVERGENCE_LIMIT:
        return f"the value was {value:.6g}, {beyond}, at epoch {epoch}", 1
    if not sound:
        return f"the derivative was not finite at epoch {epoch}", None
    if not _within(after[None])[0]:
        return f"a variable was not finite, or {beyond}, after epoch {epoch}", None
    return f"the value or its derivative was not finite, or {beyond}, after epoch {epoch}", None


def _within(numbers: Float64Array) -> BoolArray:
    """Tell which rows (runs,) hold only numbers of a size that a run may reach; NaN is none."""
    return np.asarray((np.abs(numbers) <= DIVERGENCE_LIMIT).all(axis=1))
