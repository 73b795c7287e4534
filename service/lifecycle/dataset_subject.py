"""A dataset as the subject of a sweep: a table that is prepared and split as the submission asks."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from core.configuration import Configuration
from core.members import shape_key, working_set_bytes
from service.datasets.preparation import Preparation
from service.datasets.table import Table
from service.errors import Fault, InvalidSubmission
from service.lifecycle.datasets import keep_table
from service.lifecycle.prepared_table import PreparedTable, prepared
from service.planning import early_stopping
from service.planning.expansion import PlannedRun, baseline_runs
from service.planning.measurements import SCORES
from service.planning.statuses import Role
from service.planning.submission import SweepSubmission
from service.store.sweep_queries import DatasetName

SEEDS_FOR_CONSTANT = 20  # the constant predictor's metrics are means over the rows of so many seeds


@dataclass(frozen=True)
class DatasetSubject:
    """A table, and what was made of it."""

    submission: SweepSubmission
    prepared: PreparedTable

    @classmethod
    def of(cls, submission: SweepSubmission, table: Table) -> DatasetSubject:
        """Prepare the table as the submission asks.

        Raises:
            InvalidSubmission: with every fault that shows here.
        """
        return cls(submission, prepared(table, submission))

    @property
    def table(self) -> Table:
        """The whole table."""
        return self.prepared.table

    @property
    def preparation(self) -> Preparation:
        """What was fitted to it, and its rows."""
        return self.prepared.preparation

    @property
    def task(self) -> str:
        """Classification or regression, as asked for or as the target says."""
        return self.preparation.preprocessing.task

    @property
    def warnings(self) -> tuple[str, ...]:
        """Columns that say nothing, and those where something was filled in."""
        constant = self.preparation.preprocessing.constant_features
        told = (
            [f"{len(constant)} constant columns carry no information: {_some(constant)}"] if constant else []
        )
        if self.submission.features is None and (left := self._left_out()):
            told += [f"{len(left)} columns of texts that (nearly) all differ are no features: {_some(left)}"]
        imputed = self.preparation.preprocessing.imputed_features
        told += [f"missing values were filled in {len(imputed)} columns: {_some(imputed)}"] if imputed else []
        return tuple(told)

    @property
    def identity(self) -> str:
        """A hash of the content, what was fitted to it, and the rows."""
        return self.prepared.identity

    def baselines(self, runs: Sequence[PlannedRun]) -> tuple[PlannedRun, ...]:
        """A linear network beside each configuration, unless nobody wants one."""
        return baseline_runs(runs, self.task) if self.submission.baselines else ()

    def constant(self, runs: Sequence[PlannedRun]) -> Mapping[str, float]:
        """The constant predictor's metrics on validation and test rows, where they are finite."""
        score = SCORES[self.preparation.examples.task]
        loss = next(run.configuration.loss for run in runs if run.role == Role.SEARCH)
        found: dict[str, list[float]] = {}
        for seed in list(dict.fromkeys(run.seed for run in runs))[:SEEDS_FOR_CONSTANT]:
            for part, metrics in self.prepared.constant(seed, loss).items():
                found.setdefault(f"{part}_loss", []).append(metrics.loss)
                found.setdefault(f"{part}_{score}", []).append(metrics.score)
        means = {name: float(np.mean(values)) if values[1:] else values[0] for name, values in found.items()}
        return {name: mean for name, mean in means.items() if np.isfinite(mean)}

    def check(self, configurations: Collection[Configuration], most_memory: int) -> None:
        """Raise InvalidSubmission for early stopping without validation rows, and for giants."""
        keep_weights, counts = self.submission.keep_weights, self.preparation.split.counts
        if faults := early_stopping.faults(configurations, keep_weights, counts.validation):
            raise InvalidSubmission(faults)
        allowed = f"at most {most_memory / 2**30:.3g} GiB for each network, by BACKSWEEP_WORKER_MEMORY"
        if self.prepared.loading > most_memory:
            message = (
                f"{self.table.name!r} needs {self.prepared.loading / 2**30:.2g} GiB to be loaded for training"
            )
            raise InvalidSubmission([Fault("dataset", message, self.table.name, allowed)])
        size, largest = max(
            ((self.working_set(each) + self._examples(each), each) for each in configurations),
            key=lambda sized: sized[0],
        )
        if size > most_memory:
            message = (
                f"a network with hidden layers {list(largest.hidden_layers)} and batches of "
                f"{largest.batch_size} needs {size / 2**30:.1f} GiB while it trains, its examples included"
            )
            raise InvalidSubmission([Fault("parameters", message, list(largest.hidden_layers), allowed)])

    def _examples(self, configuration: Configuration) -> int:
        """The bytes of the examples during training: as they are, and as the arithmetic takes them."""
        examples = self.preparation.examples
        numbers = examples.rows * (examples.features + examples.outputs)
        whole = examples.inputs.nbytes + examples.targets.nbytes
        return whole + numbers * np.dtype(configuration.dtype).itemsize

    def shape(self, configuration: Configuration) -> Hashable:
        """What runs must have in common to train in step."""
        return shape_key(configuration, **self._sizes)

    def working_set(self, configuration: Configuration) -> int:
        """The bytes that one more run adds to a population."""
        known = self._working_sets.get(configuration)
        if known is None:
            keep_best = self.submission.keep_weights in ("best", "both")
            known = working_set_bytes(configuration, **self._sizes, keep_best=keep_best)
            self._working_sets[configuration] = known
        return known

    def parameter_count(self, configuration: Configuration) -> int:
        """Weights and biases."""
        examples = self.preparation.examples
        return parameter_count(configuration, examples.features, examples.outputs)

    def keep(self, session: Session, owner_id: int) -> tuple[int, DatasetName]:
        """Store the table unless the owner has it; its key and name."""
        return keep_table(session, owner_id, self.table)

    def columns(self) -> Mapping[str, Any]:
        """What was fitted to the table, and its rows."""
        return self.prepared.columns

    def _left_out(self) -> Sequence[str]:
        fitted = self.preparation.preprocessing
        used = {feature.column for feature in fitted.features} | set(fitted.target.columns)
        used.add(self.submission.split.column or "")
        return [column.name for column in self.table.columns if column.name not in used]

    @cached_property
    def _working_sets(self) -> dict[Configuration, int]:
        return {}

    @cached_property
    def _sizes(self) -> dict[str, int]:
        counts, examples = self.preparation.split.counts, self.preparation.examples
        return {
            "features": examples.features,
            "outputs": examples.outputs,
            "train_rows": counts.train,
            "validation_rows": counts.validation,
        }


def parameter_count(configuration: Configuration, features: int, outputs: int) -> int:
    """Weights and biases of a fully connected network."""
    sizes = (features, *configuration.hidden_layers, outputs)
    return sum((inputs + 1) * units for inputs, units in pairwise(sizes))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
