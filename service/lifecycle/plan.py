"""Everything a sweep will be is decided here, from its submission and its table, before it is stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.configuration import Configuration, configuration_hash
from core.evaluation import constant_predictor
from core.members import shape_key, working_set_bytes
from core.version import NUMERICS_VERSION
from service.datasets.preparation import Preparation, prepare
from service.datasets.table import Table
from service.errors import Fault, InvalidSubmission
from service.planning import early_stopping, populations
from service.planning.expansion import PlannedRun, baseline_runs, expand
from service.planning.measurements import SCORES
from service.planning.populations import PlacedRun
from service.planning.space import axes
from service.planning.statuses import Role
from service.planning.submission import SweepSubmission

SEEDS_FOR_CONSTANT = 20  # the constant predictor's metrics are means over the rows of so many seeds
MOST_MEMORY = 2**30  # bytes of one run while it trains, unless told otherwise; more is refused at submit


@dataclass(frozen=True)
class SweepPlan:
    """A sweep before it is stored; populations hold positions in `runs`."""

    submission: SweepSubmission
    table: Table
    preparation: Preparation
    varied: tuple[str, ...]
    runs: tuple[PlannedRun, ...]
    populations: tuple[tuple[int, ...], ...]
    constant: Mapping[str, float]

    @property
    def task(self) -> str:
        """Classification or regression, as asked for or as the target says."""
        return self.preparation.preprocessing.task

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know of what was accepted."""
        constant = self.preparation.preprocessing.constant_features
        told = (
            [f"{len(constant)} constant columns carry no information: {_some(constant)}"] if constant else []
        )
        imputed = self.preparation.preprocessing.imputed_features
        told += [f"missing values were filled in {len(imputed)} columns: {_some(imputed)}"] if imputed else []
        return (*self.submission.warnings, *told)

    @cached_property
    def hashes(self) -> Mapping[Configuration, str]:
        """The hash of each configuration."""
        return {
            each: configuration_hash(each) for each in dict.fromkeys(run.configuration for run in self.runs)
        }

    @cached_property
    def _data_identity(self) -> str:
        preparation = self.preparation
        parts = [
            self.table.content_hash,
            preparation.preprocessing.to_json(),
            preparation.split.to_json(),
            NUMERICS_VERSION,
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def identity(self, run: PlannedRun) -> str:
        """What decides a run's bits in one environment class: data, rows, configuration, seed, numerics."""
        text = f"{self._data_identity} {self.hashes[run.configuration]} {run.seed}"
        return hashlib.sha256(text.encode()).hexdigest()


def plan_sweep(
    submission: SweepSubmission,
    table: Table,
    *,
    live_workers: int,
    max_runs: int,
    most_memory: int = MOST_MEMORY,
) -> SweepPlan:
    """Prepare the data, expand the space and divide the runs into populations.

    Raises:
        InvalidSubmission: with every fault that shows here.
    """
    preparation = prepare(table, submission)
    task = preparation.preprocessing.task
    space = axes(submission.parameters, task)
    runs = expand(space, submission.seed_list, task, cap=max_runs)
    if submission.baselines:
        runs += baseline_runs(runs, task)
    working_sets = _working_sets(runs, preparation)
    if faults := early_stopping.faults(
        working_sets, submission.keep_weights, preparation.split.counts.validation
    ):
        raise InvalidSubmission(faults)
    _refuse_giants(working_sets, most_memory)
    return SweepPlan(
        submission=submission,
        table=table,
        preparation=preparation,
        varied=tuple(axis.field for axis in space if axis.varies),
        runs=runs,
        populations=_populations(runs, preparation, working_sets, live_workers),
        constant=_constant(runs, preparation),
    )


def _working_sets(runs: Sequence[PlannedRun], preparation: Preparation) -> dict[Configuration, int]:
    counts, examples = preparation.split.counts, preparation.examples
    return {
        configuration: working_set_bytes(
            configuration,
            features=examples.features,
            outputs=examples.outputs,
            train_rows=counts.train,
            validation_rows=counts.validation,
        )
        for configuration in dict.fromkeys(run.configuration for run in runs)
    }


def _refuse_giants(working_sets: Mapping[Configuration, int], most_memory: int) -> None:
    largest = max(working_sets, key=working_sets.__getitem__)
    size = working_sets[largest]
    if size > most_memory:
        message = (
            f"a network with hidden layers {list(largest.hidden_layers)} and batches of {largest.batch_size} "
            f"needs {size / 2**30:.1f} GiB while it trains"
        )
        allowed = f"at most {most_memory / 2**30:.3g} GiB for each network, by BACKSWEEP_WORKER_MEMORY"
        raise InvalidSubmission([Fault("parameters", message, list(largest.hidden_layers), allowed)])


def _populations(
    runs: Sequence[PlannedRun],
    preparation: Preparation,
    working_sets: Mapping[Configuration, int],
    live_workers: int,
) -> tuple[tuple[int, ...], ...]:
    counts, examples = preparation.split.counts, preparation.examples
    shapes = {
        configuration: shape_key(
            configuration,
            features=examples.features,
            outputs=examples.outputs,
            train_rows=counts.train,
            validation_rows=counts.validation,
        )
        for configuration in working_sets
    }
    placed = [
        PlacedRun(run.number, run.seed, shapes[run.configuration], working_sets[run.configuration])
        for run in runs
    ]
    position = {run.number: index for index, run in enumerate(runs)}
    return tuple(
        tuple(position[number] for number in members) for members in populations.plan(placed, live_workers)
    )


def _constant(runs: Sequence[PlannedRun], preparation: Preparation) -> dict[str, float]:
    """The constant predictor's metrics on validation and test rows, where they are finite."""
    examples, split = preparation.examples, preparation.split
    loss = next(run.configuration.loss for run in runs if run.role == Role.SEARCH)
    found: dict[str, list[float]] = {}
    for seed in list(dict.fromkeys(run.seed for run in runs))[:SEEDS_FOR_CONSTANT]:
        train, validation = split.rows_for(seed)
        for part, rows in (("validation", validation), ("test", split.test_rows)):
            if rows.size:
                metrics = constant_predictor(examples, train, rows, loss)
                found.setdefault(f"{part}_loss", []).append(metrics.loss)
                found.setdefault(f"{part}_{SCORES[examples.task]}", []).append(metrics.score)
    means = {name: float(np.mean(values)) for name, values in found.items()}
    return {name: mean for name, mean in means.items() if np.isfinite(mean)}


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
