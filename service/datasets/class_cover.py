"""No seed of a sweep may train without having seen every class.

A network cannot learn a class that is not among its training rows, and its accuracy would say nothing about
the settings that the sweep compares. Where a split does not care for classes, which rows train depends on the
seed, so every seed of the sweep is looked at when it is submitted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from service.datasets.split import SplitPlan
from service.datasets.table import IntArray
from service.datasets.targets import Label
from service.errors import Fault

MOST_ROWS_DRAWN = 50_000_000  # about a second; beyond, a split that might leave a class out is refused unseen


def faults(plan: SplitPlan, classes: IntArray, labels: Sequence[Label], seeds: Sequence[int]) -> list[Fault]:
    """At most one fault: the first seed whose training rows lack a class, and the class."""
    if _certain(plan, classes, len(labels)):
        return []
    if plan.resample and plan.rows * len(seeds) > MOST_ROWS_DRAWN:
        rarest = labels[int(np.argmin(np.bincount(classes, minlength=len(labels))))]
        message = (
            f"the class {rarest!r} is so rare that some of the {len(seeds):,} seeds may train without it"
        )
        return [Fault("split.method", message, plan.method, "stratified")]
    for seed in seeds if plan.resample else seeds[:1]:
        present = np.bincount(classes[plan.rows_for(seed)[0]], minlength=len(labels))
        if not present.all():
            missing = labels[int(np.argmin(present))]
            which = f" of seed {seed}" if plan.resample else ""
            message = f"the class {missing!r} is not among the training rows{which}: it could not be learned"
            return [Fault("split.method", message, plan.method, "stratified, or more training rows")]
    return []


def _certain(plan: SplitPlan, classes: IntArray, count: int) -> bool:
    """Whether each class has more rows outside the test set than rows stay out of training in any draw."""
    outside = np.bincount(classes[plan.rows_outside_test], minlength=count)
    not_trained = plan.rows - plan.counts.test - plan.counts.train
    return plan.method == "stratified" or bool(outside.min() > not_trained)
