"""One epoch is one pass of every run over its training rows, followed by one look at its validation rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.arrays import Float64Array, FloatArray
from core.batches import Table
from core.evaluation import Evaluator, spread
from core.optimizers import OPTIMIZERS
from core.passes import Pass, Tally
from core.population import Population
from core.rows import RowSets, spans


@dataclass(frozen=True, eq=False)
class Measured:
    """What one epoch of k runs showed.

    Shapes:
        losses      (k, steps) the loss of each step's batch, summed over its examples
        all others  (k,) float64, as in EpochReport
    """

    losses: Float64Array
    train_loss: Float64Array
    train_score: Float64Array
    validation_loss: Float64Array
    validation_score: Float64Array
    gradient_norm: Float64Array
    update_ratio: Float64Array


class EpochRunner:
    """The memory of one population's epochs, good for as long as nobody leaves it.

    Shapes:
        before  (k, layout.width) the weights that the last epoch began with
    """

    def __init__(self, population: Population) -> None:
        """Prepare everything that steps need, so that none of them asks for memory."""
        members = [population.members[index] for index in population.active]
        lead = members[0].configuration  # the rest have the same shape, and their own rates
        dtype = np.dtype(lead.dtype)
        table = Table.of(population.examples, lead.loss, dtype)
        self._state = {"weights": population.weights, **population.state}
        self._copies = {name: array.copy() for name, array in self._state.items()}
        self._weights, self.before = population.weights, self._copies["weights"]
        self._gradients = np.zeros_like(population.weights)
        self._optimizer = OPTIMIZERS[lead.optimizer]([member.configuration for member in members], dtype)
        # A full batch is the same set in any order; unshuffled, runs whose seeds differ can share it.
        full = lead.batch_size == "full"
        seeds = None if full else [member.seed for member in members]
        self._rows = RowSets([member.train_rows for member in members], seeds)
        size = self._rows.count if full else min(int(lead.batch_size), self._rows.count)
        self._spans = spans(self._rows.count, size)
        self._spread = spread(population.examples, [member.train_rows for member in members])
        layout = population.layout
        self._passes = {
            rows: Pass(lead, layout, table, self._weights, self._gradients, (self._rows.sets, rows))
            for rows in {stop - start for start, stop in self._spans}
        }
        self._evaluator: Evaluator | None = None
        if members[0].validation_rows.size:
            validation = [member.validation_rows for member in members]
            about_mean = spread(population.examples, validation)
            self._evaluator = Evaluator(lead, layout, table, self._weights, RowSets(validation), about_mean)

    def fits(self, population: Population) -> bool:
        """Tell whether the population is still the one this was prepared for."""
        return self._weights is population.weights

    def run(self, epoch: int, should_stop: Callable[[], bool]) -> Measured | None:
        """Take every run through an epoch in place; None, with nothing changed, if told to stop within it."""
        for name, array in self._state.items():
            np.copyto(self._copies[name], array)
        finished = False
        try:
            measured = self._take_steps(epoch, should_stop)
            finished = measured is not None
            return measured
        finally:
            if not finished:  # told to stop, or interrupted by an exception
                for name, array in self._state.items():
                    np.copyto(array, self._copies[name])

    def _take_steps(self, epoch: int, should_stop: Callable[[], bool]) -> Measured | None:
        runs, steps = self._weights.shape[0], len(self._spans)
        order = self._rows.order(epoch)
        tally = Tally(runs, self._rows.count, steps, self._spread)
        gradient_norm = np.full(runs, np.nan)
        for step, (start, stop) in enumerate(self._spans):
            if should_stop():
                return None
            work = self._passes[stop - start]
            work.forward(order[:, start:stop])
            tally.add(work, step, start, stop)
            work.backward()
            if step == steps - 1:
                gradient_norm = _lengths(self._gradients)
            self._optimizer.update(
                self._weights, self._gradients, self._state, (epoch - 1) * steps + step + 1
            )
        # The optimizer left the change that it made where the gradients were.
        update_ratio = _lengths(self._gradients) / _lengths(self._weights)
        nothing = np.full(runs, np.nan)
        validation = self._evaluator.measure() if self._evaluator is not None else (nothing, nothing)
        return Measured(
            losses=tally.losses,
            train_loss=tally.loss(),
            train_score=tally.score(),
            validation_loss=validation[0],
            validation_score=validation[1],
            gradient_norm=gradient_norm,
            update_ratio=update_ratio,
        )


def _lengths(flat: FloatArray) -> Float64Array:
    """Return the Euclidean length of each run's row (runs,)."""
    lengths: Float64Array = np.sqrt(np.vecdot(flat, flat).astype(np.float64))
    return lengths
