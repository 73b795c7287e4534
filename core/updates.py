"""From gradients to new weights: penalties, clipping, the optimizer and decay, in this order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.arrays import Float64Array, FloatArray
from core.compiled.network import Update
from core.layer_statistics import LayerRuler, Lengths
from core.layout import Layout
from core.members import Member
from core.optimizers import OPTIMIZERS, State, draw_steps
from core.regularization import Clipping, Decay, Penalty
from core.schedules import Schedules


class Updates:
    """The steps of all runs of a population; what is off in all of them costs nothing.

    Shapes:
        weights, gradients, each array of the state  (runs, layout.width), changed in place
        rates                                        (runs,) the learning rates of the last step
    """

    rates: Float64Array

    def __init__(
        self,
        members: Sequence[Member],
        layout: Layout,
        weights: FloatArray,
        gradients: FloatArray,
        state: State,
        steps_per_epoch: int,
    ) -> None:
        """Prepare everything that steps need; which parts are on is alike in all runs of a population."""
        configurations = [member.configuration for member in members]
        lead = configurations[0]
        self._members, self._layout = members, layout
        self._weights, self._gradients, self._state = weights, gradients, state
        self._optimizer = OPTIMIZERS[lead.optimizer](configurations, weights.dtype)
        self._schedules = Schedules(configurations, steps_per_epoch)
        self.rates = self._schedules.rates(1)
        self._step = 0  # that the rates are of
        parts = (configurations, layout, weights, gradients)
        self._penalty = Penalty(*parts) if lead.l1 or lead.l2 else None
        self._clipping = Clipping(configurations) if lead.gradient_clip is not None else None
        self._decay = Decay(*parts) if lead.weight_decay else None
        # Penalties and clipping are made for gradients as they are.
        self._rates_late = self._optimizer.rated and bool(self._penalty or self._clipping)
        self._rates_early = self._optimizer.rated and not self._rates_late

    @property
    def factors(self) -> Float64Array:
        """What the derivatives of the loss are to be multiplied with (runs,): 1, or the learning rates."""
        return self.rates if self._rates_early else np.ones_like(self.rates)

    def begin(self) -> None:
        """Write what is drawn into the state of runs that have taken no step yet."""
        for row, member in enumerate(self._members):
            if member.configuration.initial_step_max is not None:
                drawn = draw_steps(member.configuration, member.seed, self._layout)
                np.copyto(self._state["step_size"][row], drawn)

    def turn_to(self, step: int) -> bool:
        """Set the rates to those of a step, counted from 1 since the run began; tell if `factors` changed."""
        if self._schedules.constant:
            return self._turn_once(step)
        before = self.rates if self._step == step - 1 > 0 else self._schedules.rates(max(1, step - 1))
        self.rates, self._step = self._schedules.rates(step), step
        self._optimizer.set_rates(self.rates, before)
        return self._rates_early

    def _turn_once(self, step: int) -> bool:
        first, self._step = not self._step, step
        return first and self._rates_early

    @property
    def at_once(self) -> Update | None:
        """How compiled code does as `take` on its way back, for gradients that nobody else reads.

        None where penalties, clipping or decay take part, and for some optimizers. Before each use `prepare`
        has to be called.
        """
        if not self._optimizer.is_compiled or self._penalty or self._clipping or self._decay:
            return None
        return Update(lambda gradients: self._optimizer.compiled(self._weights, gradients, self._state))

    @property
    def steady(self) -> bool:
        """Whether `prepare` can be asked for several steps: no rate changes."""
        return self._schedules.constant

    def prepare(self, steps: int) -> None:
        """Set what compiled steps read to so many steps, from the one that was turned to; at most AT_ONCE."""
        self._optimizer.prepare(self._step, steps)

    def measure(self, ruler: LayerRuler) -> Lengths:
        """Return the lengths of the gradients, penalties included, before they are clipped."""
        if self._rates_early:
            return ruler.lengths_before_rate(self._gradients, self.rates)
        return ruler.lengths(self._gradients)

    def penalize(self) -> None:
        """Make the gradients of the loss those of loss and penalties."""
        if self._penalty is not None:
            self._penalty.add()

    def take(self) -> FloatArray:
        """Change weights and state at the step that was turned to.

        Returned is the change that was subtracted from the weights, good until the next step.
        """
        if self._clipping is not None:
            self._clipping.shorten(self._gradients)
        if self._rates_late:
            rates = self.rates.astype(self._gradients.dtype)[:, None]
            np.multiply(self._gradients, rates, out=self._gradients)
        if self._decay is not None:
            self._decay.measure(self.rates)
        change = self._optimizer.update(self._weights, self._gradients, self._state, self._step)
        return change if self._decay is None else self._decay.take(change)
