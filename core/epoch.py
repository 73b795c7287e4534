"""One epoch is one pass of every run over its training rows, followed by one look at its validation rows.

In a range test it is one step, and nothing is validated: a pass over the rows takes several epochs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.arrays import Float64Array, FloatArray, IntArray, aligned
from core.batches import Batches, Table
from core.class_weights import class_weights
from core.compiled.library import kernel
from core.compiled.program import AT_ONCE
from core.dropout import DropoutNumbers
from core.early_stopping import validates
from core.evaluation import Evaluator, spread
from core.fields import RANGE_TEST
from core.interruption import interruptible
from core.layer_statistics import LayerRuler, LayerStatistics
from core.passes import Pass, Tally
from core.population import Population
from core.rows import RowSets, spans
from core.updates import Updates

MOST_OPERATIONS = 10**9  # in one go, that is 20 ms or so in which nobody can say stop
LONG_STEP = 10 * MOST_OPERATIONS  # from here on one step is interruptible


@dataclass(frozen=True, eq=False)
class Measured:
    """What one epoch of k runs showed.

    Shapes:
        losses      (k, steps) the loss of each step's batch, summed over its examples
        layers      (k, layers) each
        all others  (k,) float64, as in EpochReport
    """

    losses: Float64Array
    train_loss: Float64Array
    train_score: Float64Array
    validation_loss: Float64Array
    validation_score: Float64Array
    learning_rate: Float64Array  # the last step's
    gradient_norm: Float64Array
    update_ratio: Float64Array
    validated: bool
    layers: LayerStatistics


class EpochRunner:
    """The memory of one population's epochs, good for as long as nobody leaves it.

    Shapes:
        before  (k, layout.width) the weights that the last epoch began with
    """

    def __init__(self, population: Population) -> None:
        """Prepare everything that steps need, so that none of them asks for memory."""
        members = [population.members[index] for index in population.active]
        layout = population.layout
        lead = self._lead = members[0].configuration  # the rest have the same shape, and their own rates
        dtype = np.dtype(lead.dtype)
        table = Table.of(population.examples, dtype, joins_bias=layout.joins_bias)
        self._state = {"weights": population.weights, **population.state}
        self._copies = {name: aligned(array) for name, array in self._state.items()}
        self._weights, self.before = population.weights, self._copies["weights"]
        self._gradients = aligned(np.zeros_like(population.weights))
        # A full batch is the same set in any order; unshuffled, runs whose seeds differ can share it.
        full = lead.batch_size == "full"
        seeds = None if full else [member.seed for member in members]
        training = [member.train_rows for member in members]
        self._rows = RowSets(training, seeds)
        size = self._rows.count if full else min(int(lead.batch_size), self._rows.count)
        self._spans = spans(self._rows.count, size)
        self._spread = spread(population.examples, training)
        self._batches = Batches(table, self._spans, self._rows.sharing)
        self._single = lead.learning_rate_schedule == RANGE_TEST
        self._pass = 0  # over the rows, that the batches are of
        self._updates = Updates(
            members, layout, self._weights, self._gradients, population.state, self._steps
        )
        self._dropout: DropoutNumbers | None = None
        if lead.dropout:
            probabilities = [member.configuration.dropout for member in members]
            layers = len(lead.hidden_layers)
            self._dropout = DropoutNumbers(probabilities, [member.seed for member in members], layers)
        weigh = class_weights(lead, population.examples, training)
        self._passes = {
            size: Pass(
                lead,
                layout,
                self._weights,
                self._gradients,
                size,
                sharing=self._rows.sharing,
                dropout=self._dropout,
                class_weights=weigh,
            )
            for size in {stop - start for start, stop in self._spans}
        }
        # Of an epoch's last step gradients and changes are measured; before it nobody looks at them.
        takes = all(each.network.compiled for each in self._passes.values())
        self._at_once = self._updates.at_once if takes else None
        of_step = 6 * population.weights.size * size  # floating-point operations, or so
        self._together = max(1, min(AT_ONCE, MOST_OPERATIONS // of_step))  # batches in one go
        self._interruptible = kernel() if takes and of_step >= LONG_STEP else None
        self._ruler = LayerRuler(layout)

        def evaluator(rows: list[IntArray], weigh: FloatArray | None) -> Evaluator:
            about_mean = spread(population.examples, rows)
            return Evaluator(lead, layout, table, self._weights, RowSets(rows), about_mean, weigh)

        validation = [member.validation_rows for member in members]
        self._evaluator = evaluator(validation, None) if validation[0].size else None
        # P_k compares training losses, each of one set of weights: they are evaluated once more.
        self._afterwards = evaluator(training, weigh) if lead.stop_progress is not None else None

    def fits(self, population: Population) -> bool:
        """Tell whether the population is still the one this was prepared for."""
        return self._weights is population.weights

    def run(self, epoch: int, should_stop: Callable[[], bool]) -> Measured | None:
        """Take every run through an epoch in place; None, with nothing changed, if told to stop within it."""
        for name, array in self._state.items():
            np.copyto(self._copies[name], array)
        finished = False
        try:
            measured = self._take_an_epoch(epoch, should_stop)
            finished = measured is not None
            return measured
        finally:
            if not finished:  # told to stop, or interrupted by an exception
                for name, array in self._state.items():
                    np.copyto(array, self._copies[name])

    def _take_an_epoch(self, epoch: int, should_stop: Callable[[], bool]) -> Measured | None:
        if self._interruptible is None:
            return self._take_steps(epoch, should_stop)
        with interruptible(self._interruptible, should_stop) as told:
            measured = self._take_steps(epoch, should_stop)
        return None if told.is_set() else measured

    def _take_steps(self, epoch: int, should_stop: Callable[[], bool]) -> Measured | None:
        runs, steps = self._weights.shape[0], self._steps
        if epoch == 1:
            self._updates.begin()
        if self._dropout is not None:
            self._dropout.begin(epoch)
        first = self._turn_to_rows(epoch)
        spans = self._spans[first : first + steps]
        offset = spans[0][0]
        tally = Tally(runs, [(start - offset, stop - offset) for start, stop in spans], self._spread)
        step = 0
        while step < steps:
            if should_stop():
                return None
            if self._updates.turn_to((epoch - 1) * steps + step + 1):
                for each in self._passes.values():
                    each.loss.set_factors(self._updates.factors)
            start, stop = spans[step]
            work, left = self._passes[stop - start], steps - 1 - step
            if left and self._at_once is not None:
                together = self._together if work.learns_at_once and self._updates.steady else 1
                batches = self._batches.from_here(first + step, min(together, left))
                self._updates.prepare(len(batches))
                work.learn(batches, tally, step, self._at_once)
                step += len(batches)
                continue
            work.learn([self._batches[first + step]], tally, step)
            self._updates.penalize()
            if left:
                self._updates.take()
            step += 1
        gradient, change = self._updates.measure(self._ruler), self._updates.take()
        changed, after = self._ruler.lengths(change), self._ruler.lengths(self._weights)
        train = (
            self._afterwards.measure_unless(should_stop)
            if self._afterwards
            else (tally.loss(), tally.score())
        )
        validated = self._evaluator is not None and validates(self._lead, epoch)
        nothing = np.full(runs, np.nan)
        validation = (
            self._evaluator.measure_unless(should_stop)
            if self._evaluator and validated
            else (nothing, nothing)
        )
        if train is None or validation is None:
            return None
        return Measured(
            losses=tally.losses,
            train_loss=train[0],
            train_score=train[1],
            validation_loss=validation[0],
            validation_score=validation[1],
            learning_rate=self._updates.rates,
            gradient_norm=gradient.whole,
            update_ratio=changed.whole / after.whole,
            validated=validated,
            layers=LayerStatistics(gradient.layers, after.layers, changed.layers / after.layers),
        )

    @property
    def _steps(self) -> int:
        """How many steps an epoch has."""
        return 1 if self._single else len(self._spans)

    def _turn_to_rows(self, epoch: int) -> int:
        """Let the batches be those of an epoch's pass over the rows; the place of its first one."""
        done, first = divmod(epoch - 1, len(self._spans)) if self._single else (epoch - 1, 0)
        if self._pass != done + 1:
            self._batches.begin(self._rows.order(done + 1))
            self._pass = done + 1
        return first
