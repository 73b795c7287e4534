"""From gradients to new weights: penalties, clipping, the optimizer and decay, in this order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.arrays import Float64Array, FloatArray
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
        parts = (configurations, layout, weights, gradients)
        self._penalty = Penalty(*parts) if lead.l1 or lead.l2 else None
        self._clipping = Clipping(configurations) if lead.gradient_clip is not None else None
        self._decay = Decay(*parts) if lead.weight_decay else None

    def begin(self) -> None:
        """Write what is drawn into the state of runs that have taken no step yet."""
        for row, member in enumerate(self._members):
            if member.configuration.initial_step_max is not None:
                drawn = draw_steps(member.configuration, member.seed, self._layout)
                np.copyto(self._state["step_size"][row], drawn)

    def penalize(self) -> None:
        """Make the gradients of the loss those of loss and penalties."""
        if self._penalty is not None:
            self._penalty.add()

    def take(self, step: int) -> None:
        """Change weights and state at this step, counted from 1 since the run began.

        The gradients' memory is used up: it then holds the change that was subtracted from the weights.
        """
        if not self._schedules.constant:
            self.rates = self._schedules.rates(step)
            self._optimizer.set_rates(self.rates)
        if self._clipping is not None:
            self._clipping.shorten(self._gradients)
        if self._decay is not None:
            self._decay.measure(self.rates)
        self._optimizer.update(self._weights, self._gradients, self._state, step)
        if self._decay is not None:
            self._decay.take()
