"""What a run's kept weights say of the test rows of its sweep, against what is true there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import undefer

from core.arrays import Float64Array, IntArray
from service.datasets.split import SplitPlan
from service.datasets.table import Table
from service.datasets.targets import ClassTarget, Label
from service.errors import Conflict
from service.inference.predictions import ClassAnswers, NumberAnswers, answer
from service.inference.trained import Origin, TrainedNetwork, find_trained
from service.lifecycle.datasets import table_of_run
from service.store.database import Database
from service.store.schema import Run, Sweep

MOST_ROWS = 100_000  # of the test set that are answered; of more, so many at equal distances


@dataclass(frozen=True, slots=True)
class ClassEvaluation:
    """Counts of test rows.

    Shapes:
        confusion  (classes, classes) by the true class, then by the one that was answered
    """

    labels: tuple[Label, ...]
    confusion: IntArray


@dataclass(frozen=True, slots=True)
class NumberEvaluation:
    """True and predicted values in the user's units.

    Shapes:
        rows       (evaluated,) indices into the table, from 0
        true       (evaluated, columns)
        predicted  (evaluated, columns)
    """

    columns: tuple[str, ...]
    rows: IntArray
    true: Float64Array
    predicted: Float64Array


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A run's answers on the test rows."""

    origin: Origin
    test_rows: int
    evaluated_rows: int
    found: ClassEvaluation | NumberEvaluation


def evaluate(database: Database, owner_id: int, run_id: str, which: str) -> Evaluation:
    """Let a run's final or best weights answer the rows that no run of its sweep has trained on.

    Raises:
        NotFound: the owner has no such run, or no such weights of it are kept.
        Conflict: the run minimises a function, or its sweep has no test rows.
    """
    with database.read() as session:
        network = find_trained(session, owner_id, run_id, which)
        table = table_of_run(session, owner_id, run_id)
        split = session.scalars(
            select(Sweep)
            .join(Run, Run.sweep_id == Sweep.id)
            .where(Run.public_id == run_id)
            .options(undefer(Sweep.split))
        ).one()
    rows = SplitPlan.from_json(split.split).test_rows
    if not rows.size:
        raise Conflict(f"the sweep of run {run_id} sets no test rows aside")
    chosen = evenly(rows, MOST_ROWS)
    return Evaluation(network.origin, rows.size, chosen.size, _found(network, picked(table, chosen), chosen))


def evenly(rows: IntArray, most: int) -> IntArray:
    """At most so many of the rows, at equal distances."""
    if rows.size <= most:
        return rows
    return rows[np.linspace(0, rows.size - 1, most).astype(np.int64)]


def picked(table: Table, rows: IntArray) -> Table:
    """The table with these rows of it alone, in their order."""
    values = tuple(
        cells[rows] if isinstance(cells, np.ndarray) else tuple(cells[row] for row in rows.tolist())
        for cells in table.values
    )
    return Table(table.name, table.columns, values)


def _found(network: TrainedNetwork, table: Table, rows: IntArray) -> ClassEvaluation | NumberEvaluation:
    answers, target = answer(network, table), network.preprocessing.target
    if isinstance(target, ClassTarget):
        assert isinstance(answers, ClassAnswers)  # noqa: S101 - by the same target
        count = target.outputs
        pairs = np.bincount(target.read(table) * count + answers.chosen, minlength=count * count)
        return ClassEvaluation(target.labels, pairs.reshape(count, count))
    assert isinstance(answers, NumberAnswers)  # noqa: S101 - by the same target
    true = np.stack(
        [np.asarray(table.column(name, path="target")[1], np.float64) for name in target.columns], axis=1
    )
    return NumberEvaluation(target.columns, rows, true, answers.values)
