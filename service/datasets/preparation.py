"""A submission meets its table here, and every fault that only the table can show is told at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.examples import Examples
from service.datasets import class_cover, preprocessing, split, targets
from service.datasets.preprocessing import Preprocessing
from service.datasets.split import SplitPlan
from service.datasets.table import Table
from service.errors import Fault, InvalidSubmission
from service.planning.objective import faults_for_task
from service.planning.submission import SweepSubmission


@dataclass(frozen=True, slots=True, eq=False)
class Preparation:
    """What a sweep keeps of its table: fitted preprocessing and rows; the examples follow from them."""

    preprocessing: Preprocessing
    split: SplitPlan
    examples: Examples


def prepare(table: Table, submission: SweepSubmission) -> Preparation:
    """The fitted preprocessing, the rows of every seed, and the examples.

    Raises: InvalidSubmission with every fault: unknown columns, a target without anything to learn, parts
    that the rows cannot fill, a metric that does not go with the task or has no rows to be measured on.
    """
    objective = targets.choose(table, submission.target, submission.task)
    plan = split.plan(submission.split, table, objective)
    faults = [*faults_for_task(submission.metric, objective.task), *_validation_faults(submission, plan)]
    if objective.classes is not None:
        classes = objective.classes.read(table)
        faults += class_cover.faults(plan, classes, objective.classes.labels, submission.seed_list)
    fitted = _fit(table, objective, submission, plan, faults)
    if faults or fitted is None:
        raise InvalidSubmission(faults)
    return Preparation(fitted, plan, fitted.transform(table))


def _validation_faults(submission: SweepSubmission, plan: SplitPlan) -> Sequence[Fault]:
    name = submission.metric.name
    if not name.startswith("validation_") or plan.counts.validation:
        return []
    message = f"{name} needs validation rows, and this split has none"
    return [Fault("split.validation", message, 0, "validation rows, or a metric that starts with train_")]


def _fit(
    table: Table,
    objective: targets.Objective,
    submission: SweepSubmission,
    plan: SplitPlan,
    faults: list[Fault],
) -> Preprocessing | None:
    excluded = [submission.split.column] if submission.split.column else []
    try:
        return preprocessing.fit_objective(
            table,
            objective,
            features=submission.features,
            scale=submission.scale,
            rows_outside_test=plan.rows_outside_test,
            excluded=excluded,
        )
    except InvalidSubmission as error:
        faults.extend(error.faults)
        return None
