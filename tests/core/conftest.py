"""Small examples and the few verbs that tests of training share; BLAS runs on one thread, as in a worker."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from core.compiled.library import by_numpy
from core.configuration import resolve
from core.examples import Examples
from core.members import Member
from core.training import Directive, Ending, EpochReport, Population, train

BY_NUMPY = "TESTS_OF_THE_CORE_BY_NUMPY"  # set: compiled steps are left out
CURVES = ("train_loss", "train_score", "validation_loss", "validation_score", "gradient_norm", "update_ratio")


@dataclass
class History:
    """Everything that a training reported, by member."""

    curves: dict[int, list[tuple[float, ...]]] = field(default_factory=dict)
    endings: dict[int, Ending] = field(default_factory=dict)
    reports: list[EpochReport] = field(default_factory=list)
    checkpoints: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def bits(self, member: int) -> tuple[object, ...]:
        """Return all that must not depend on anybody else: hash, ending and every number of every epoch."""
        ending = self.endings[member]
        curve = [tuple(float(value).hex() for value in epoch) for epoch in self.curves[member]]
        return ending.weights_sha256, ending.state, ending.reason, ending.step, ending.collapsed, curve


Learn = Callable[..., History]
MakeMember = Callable[..., Member]


@pytest.fixture(autouse=True, scope="session")
def _one_blas_thread() -> Iterator[None]:
    with threadpool_limits(1), by_numpy() if os.environ.get(BY_NUMPY) else nullcontext():
        yield


@pytest.fixture(scope="session")
def classes() -> Examples:
    """90 examples of 7 features in 3 classes that a linear network can nearly tell apart."""
    numbers = np.random.default_rng(20_230_125)
    inputs = numbers.standard_normal((90, 7))
    targets = (inputs @ numbers.standard_normal((7, 3)) + 0.3 * numbers.standard_normal((90, 3))).argmax(
        axis=1
    )
    return Examples(inputs, targets.astype(np.int64), 3, "classification")


@pytest.fixture(scope="session")
def numbers() -> Examples:
    """80 examples of 5 features with 2 numeric targets, standardized."""
    draw = np.random.default_rng(1_847)
    inputs = draw.standard_normal((80, 5))
    targets = inputs @ draw.standard_normal((5, 2)) + 0.1 * draw.standard_normal((80, 2))
    return Examples(inputs, (targets - targets.mean(axis=0)) / targets.std(axis=0), 2, "regression")


@pytest.fixture(scope="session")
def member() -> MakeMember:
    """Make a member whose seed also decides which rows it learns from."""

    def make(examples: Examples, seed: int = 0, validation: int = 20, **values: object) -> Member:
        rows = np.random.default_rng(seed).permutation(examples.rows)
        configuration = resolve(
            {"hidden_layers": [6], "epochs": 4, "batch_size": 16, **values}, task=examples.task
        )
        return Member(configuration, seed, np.sort(rows[validation:]), np.sort(rows[:validation]))

    return make


@pytest.fixture(scope="session")
def learn() -> Learn:
    """Train members (or a population) to the end and keep everything that was reported."""

    def run(
        members: Sequence[Member] | Population,
        examples: Examples,
        *,
        checkpoints: bool = False,
        answer: Callable[[EpochReport], Directive | None] = lambda _: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> History:
        population = members if isinstance(members, Population) else Population.start(members, examples)
        history = History()

        def record(report: EpochReport) -> Directive | None:
            history.reports.append(report)
            for place, index in enumerate(report.members.tolist()):
                curve = history.curves.setdefault(index, [])
                curve.append(tuple(float(getattr(report, name)[place]) for name in CURVES))
            history.endings.update({ending.member: ending for ending in report.endings})
            if checkpoints:
                for index in population.active.tolist():
                    history.checkpoints[index, report.epoch] = population.checkpoint(index)
            return answer(report)

        train(population, on_epoch=record, should_stop=should_stop)
        return history

    return run
