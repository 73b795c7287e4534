"""What each run of a sweep came to, as columns: a sweep may have 100,000 runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from service.planning.statistics import FloatArray
from service.planning.statuses import RunState

Setting = Mapping[str, object]  # each varied parameter's value, without the seed
STATES = tuple(RunState)
_CODES: Mapping[str, int] = {state: code for code, state in enumerate(STATES)}


@dataclass(frozen=True)
class OutcomeTable:
    """Runs in the order of their numbers.

    `hashes` and `settings` belong to configurations, `configurations` says which of them each run has. What a
    metric does not have is NaN. `converged` is None where no run is over a function.
    """

    seeds: NDArray[np.int64]
    states: NDArray[np.int8]  # places in `STATES`
    collapsed: NDArray[np.bool_]  # no better than the constant predictor at its end
    configurations: NDArray[np.intp]
    hashes: Sequence[str]
    settings: Sequence[Setting]
    metrics: Mapping[str, FloatArray]
    linear: NDArray[np.bool_]  # a baseline, and no part of the search
    converged: Sequence[bool | None] | None = None  # None for a run before its end
    turns: NDArray[np.int64] | None = None  # at how many steps the derivative turned around

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self.seeds)

    def only(self, which: NDArray[np.bool_]) -> OutcomeTable:
        """These runs, and the configurations that they have."""
        used, places = np.unique(self.configurations[which], return_inverse=True)
        return OutcomeTable(
            self.seeds[which],
            self.states[which],
            self.collapsed[which],
            places,
            [self.hashes[place] for place in used],
            [self.settings[place] for place in used],
            {name: values[which] for name, values in self.metrics.items()},
            self.linear[which],
            None
            if self.converged is None
            else [each for each, wanted in zip(self.converged, which, strict=True) if wanted],
            None if self.turns is None else self.turns[which],
        )

    def among(self, *states: RunState) -> NDArray[np.bool_]:
        """Which runs are in any of these states."""
        found: NDArray[np.bool_] = np.isin(self.states, [_CODES[state] for state in states])
        return found

    def values(self, metric: str) -> FloatArray:
        """Completed runs' `metric`; NaN for other runs, and where it is missing or not finite."""
        found = self.metrics.get(metric)
        if found is None:
            return np.full(len(self), np.nan)
        return np.where(self._completed & np.isfinite(found), found, np.nan)

    @cached_property
    def _completed(self) -> NDArray[np.bool_]:
        return self.among(RunState.COMPLETED)

    def unconverged(self) -> NDArray[np.bool_]:
        """Which runs ended on a function where no minimum is."""
        if self.converged is None:
            return np.zeros(len(self), dtype=bool)
        missed = np.array([each is False for each in self.converged], dtype=bool)
        found: NDArray[np.bool_] = self._completed & missed
        return found

    def unturned(self) -> NDArray[np.bool_]:
        """Which of these have never turned around, so that they may still be on their way."""
        found = self.unconverged()
        if self.turns is not None:
            found = found & np.equal(self.turns, 0)
        return found


def codes_of(states: Iterable[str]) -> NDArray[np.int8]:
    """The places of states in `STATES`."""
    return np.array([_CODES[state] for state in states], dtype=np.int8)
