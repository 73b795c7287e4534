"""What the runs of a population are worth so far: the last, least and most of each metric, and the best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from core.arrays import BoolArray, Float64Array, IntArray
from service.planning.measurements import (
    ARRIVAL,
    COLUMNS,
    SCREENED,
    Measurement,
    json_number,
    metric_kinds,
    public_name,
)

MEASURED = COLUMNS[:4]  # what has extremes
KINDS = ("min", "max", "last", "best")


class PopulationMetrics:
    """Last, smallest and largest value of each run's metrics, and their values at the objective's best epoch.

    Runs go by their places in the population. Beside these numbers stand the epoch of the best, and lists:
    `layers`, what the last epoch's last step did to each layer, and what the test says in detail.

    Shapes:
        _least, _most, _last, _best  (MEASURED, runs), NaN where there is none
        _has_last, _has_best         (MEASURED, runs), whether there is one, which NaN may be
        _best_epochs                 (runs,) 0 where no epoch was the best
    """

    def __init__(
        self,
        task: str,
        objective: str,
        goal: Literal["minimize", "maximize"],
        documents: Sequence[Mapping[str, Any]],
    ) -> None:
        """Go on from each run's stored document, which is empty before its first epoch."""
        self._names = [public_name(column, task) for column in MEASURED]
        self._objective = self._names.index(objective) if objective in self._names else None
        self._better = np.fmin if goal == "minimize" else np.fmax
        stored = [metric_kinds(document) for document in documents]
        of_kind = [
            [[kinds.get(name, {}).get(kind) for kinds in stored] for name in self._names] for kind in KINDS
        ]
        # Where a number is not finite its word is stored, which NumPy reads as float() does.
        self._least, self._most, self._last, self._best = (
            np.array([[float("nan" if v is None else v) for v in row] for row in rows]) for rows in of_kind
        )
        self._has_last, self._has_best = (
            np.array([[value is not None for value in row] for row in rows]) for rows in of_kind[2:]
        )
        self._best_epochs = np.array([document.get("best_epoch") or 0 for document in documents])
        self._others: list[dict[str, Any]] = [
            {name: dict(kept) for name, kept in kinds.items() if name not in self._names} for kinds in stored
        ]
        self._beside: list[dict[str, Any]] = [
            {name: kept for name, kept in document.items() if isinstance(kept, list) or name in _DOCUMENTS}
            for document in documents
        ]

    def best_epoch(self, run: int) -> int | None:
        """The epoch with the best value of the objective, the first of equals."""
        return int(self._best_epochs[run]) or None

    def last_values(self, run: int) -> tuple[float | None, ...]:
        """What the run is worth so far, in the order of the first four `COLUMNS`: the last of each."""
        known = zip(self._last[:, run].tolist(), self._has_last[:, run].tolist(), strict=True)
        return tuple(value if measured else None for value, measured in known)

    def add(self, runs: IntArray, epochs: Sequence[int], values: Float64Array, known: BoolArray) -> IntArray:
        """Take in the next epochs of these runs (k,): for each run the place of its new best, -1 for none.

        Of `values` (epochs, MEASURED, k) those are read that `known` (epochs, MEASURED) tells: what one epoch
        lacks stays as it was.
        """
        where: Any = slice(None) if len(runs) == self._last.shape[1] else runs
        for row, chosen in enumerate(known.T):
            if chosen.any():
                found = values[chosen, row]
                self._last[row, where], self._has_last[row, where] = found[-1], True
                self._least[row, where] = np.fmin(self._least[row, where], np.fmin.reduce(found))
                self._most[row, where] = np.fmax(self._most[row, where], np.fmax.reduce(found))
        if self._objective is None:
            return np.full(len(runs), -1)
        return self._find_best(runs, epochs, values, known)

    def _find_best(
        self, runs: IntArray, epochs: Sequence[int], values: Float64Array, known: BoolArray
    ) -> IntArray:
        aims = np.where(known[:, self._objective, None], values[:, self._objective], np.nan)
        best, so_far = self._better.reduce(aims), self._best[self._objective, runs]
        places = (aims == best).argmax(axis=0)  # the first of equals
        # A NaN is never the best, and anything else is better than nothing.
        improved = ~np.isnan(best) & (np.isnan(so_far) | (self._better(best, so_far) != so_far))
        chosen, at = runs[improved], places[improved]
        self._best_epochs[chosen] = np.array(epochs)[at]
        # What that epoch did not measure has no value at the best.
        self._has_best[:, chosen] = known[at].T
        self._best[:, chosen] = np.where(known[at].T, values[at, :, improved].T, np.nan)
        return np.where(improved, places, -1)

    def leader(self, among: BoolArray) -> tuple[int, float] | None:
        """Of these runs the one with the best finite value of the objective so far, the first of equals."""
        if self._objective is None:
            return None
        values = self._best[self._objective]
        known = among & np.isfinite(values)
        if not known.any():
            return None
        best = self._better.reduce(values[known])
        return int((known & (values == best)).argmax()), float(best)

    def restore(self, run: int, measurement: Measurement) -> None:
        """Make an earlier epoch's values the run's: its weights are those that were restored (rule R1)."""
        for row, value in enumerate(measurement.values[: len(MEASURED)]):
            if value is not None:
                self._last[row, run], self._has_last[row, run] = value, True

    def add_layers(self, run: int, layers: Sequence[Mapping[str, float]]) -> None:
        """Take in what the last step of the newest epoch did to each layer."""
        self._beside[run]["layers"] = [
            {name: json_number(value) for name, value in layer.items()} for layer in layers
        ]

    def add_final(
        self, run: int, values: Mapping[str, float], lists: Mapping[str, list[Any]] | None = None
    ) -> None:
        """Take in what exists only at the end, such as metrics on the test rows and their details."""
        for name, value in values.items():
            self._others[run][name] = {"last": json_number(value)}
        self._beside[run].update(lists or {})

    def add_arrival(self, run: int, arrival: Mapping[str, Any]) -> None:
        """Take in where a run over a function has ended."""
        self._beside[run][ARRIVAL] = dict(arrival)

    def add_screened(self, run: int, screened: Mapping[str, Any]) -> None:
        """Take in what a range test found."""
        self._beside[run][SCREENED] = dict(screened)

    def document(self, run: int) -> dict[str, Any]:
        """The metrics as stored, non-finite values as strings."""
        stored: dict[str, Any] = dict(self._extremes(run)) | self._others[run]
        if (best_epoch := self.best_epoch(run)) is not None:
            stored["best_epoch"] = best_epoch
        return stored | self._beside[run]

    def _extremes(self, run: int) -> Iterator[tuple[str, dict[str, float | str | None]]]:
        columns = (self._least, self._most, self._last, self._best)
        rows = zip(*(column[:, run].tolist() for column in columns), strict=True)
        has_last, has_best = self._has_last[:, run].tolist(), self._has_best[:, run].tolist()
        for name, values, measured, at_best in zip(self._names, rows, has_last, has_best, strict=True):
            if measured:
                kinds = dict(zip(KINDS, map(json_number, values), strict=True))
                if not at_best:
                    del kinds["best"]
                yield name, kinds


_DOCUMENTS = (ARRIVAL, SCREENED)
