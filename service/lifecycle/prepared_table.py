"""A table with what was made of it; the tables that were prepared last are prepared already.

A class of thirty submits over one table, and a program a thousand times. Preparing it anew took most of the
time of a small submit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core.evaluation import constant_predictor
from core.metrics import Metrics
from core.version import NUMERICS_VERSION
from service.datasets.preparation import Preparation, prepare
from service.datasets.table import Table
from service.lifecycle.recent import Recent
from service.planning.submission import SweepSubmission
from service.store.written_json import Written

MOST_BYTES = 256 * 2**20  # of examples and rows
MOST = 256
MOST_SEEDS_KNOWN = 1_000  # of which the constant predictor's metrics are kept


@dataclass(frozen=True, eq=False)
class PreparedTable:
    """Nothing here changes any more; what is computed from it is computed once."""

    table: Table
    preparation: Preparation

    @cached_property
    def identity(self) -> str:
        """A hash of the content, what was fitted to it, and the rows."""
        parts = [
            self.table.content_hash,
            self.preparation.preprocessing.to_json(),
            self.preparation.split.to_json(),
            NUMERICS_VERSION,
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    @cached_property
    def loading(self) -> int:
        """The bytes of the examples and of what they are made of, which a worker has all at once.

        They are the stored content, its columns, and what is made of these before and after it is joined:
        measured, 60,000 rows of 60 numbers (27.5 MiB) need 4.2 times as much.
        """
        columns = sum(values.nbytes for values in self.table.values if isinstance(values, np.ndarray))
        return 2 * columns + 2 * self.preparation.examples.inputs.nbytes

    @cached_property
    def columns(self) -> dict[str, Any]:
        """The columns of a sweep that say what its runs train on, written as JSON once for all sweeps."""
        split = self.preparation.split
        return {
            "function": None,
            "preprocessing": Written.of(self.preparation.preprocessing.to_json()),
            "split": Written.of(split.to_json()),
            "split_counts": {
                "train": split.counts.train,
                "validation": split.counts.validation,
                "test": split.counts.test,
                "resample": split.resample,
            },
        }

    def constant(self, seed: int, loss: str) -> dict[str, Metrics]:
        """The constant predictor's metrics on a seed's validation and test rows, where there are any."""
        known = self._constants.get((seed, loss))
        if known is None:
            examples, split = self.preparation.examples, self.preparation.split
            train, validation = split.rows_for(seed)
            parts = {"validation": validation, "test": split.test_rows}
            known = {
                part: constant_predictor(examples, train, rows, loss)
                for part, rows in parts.items()
                if rows.size
            }
            if len(self._constants) < MOST_SEEDS_KNOWN:
                self._constants[seed, loss] = known
        return known

    @cached_property
    def _constants(self) -> dict[tuple[int, str], dict[str, Metrics]]:
        return {}


def prepared(table: Table, submission: SweepSubmission) -> PreparedTable:
    """The table as this submission asks for it.

    Raises:
        InvalidSubmission: with every fault that shows here.
    """
    key = _key(table, submission)
    return _PREPARED.get(key, lambda: PreparedTable(table, prepare(table, submission)), _size_of_prepared)


def is_prepared(table: Table, submission: SweepSubmission) -> bool:
    """Whether this was asked for lately."""
    return _key(table, submission) in _PREPARED


def _key(table: Table, submission: SweepSubmission) -> Hashable:
    seeds, target, features = submission.seeds, submission.target, submission.features
    return (
        (table.content_hash, table.name, table.licence, table.source, table.target),
        tuple(target) if isinstance(target, list) else target,
        None if features is None else tuple(features),
        submission.task,
        submission.split,
        submission.scale,
        submission.metric.name,
        tuple(seeds) if isinstance(seeds, list) else seeds,
    )


def _size_of_prepared(made: PreparedTable) -> int:
    examples = made.preparation.examples
    return (
        examples.inputs.nbytes + examples.targets.nbytes + 100 * made.table.rows
    )  # and the rows of its split


_PREPARED: Recent[PreparedTable] = Recent(most=MOST, most_bytes=MOST_BYTES)
